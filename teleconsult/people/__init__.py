"""Whom the administrator lets in: accounts, invitations, and the page where a password is chosen."""
