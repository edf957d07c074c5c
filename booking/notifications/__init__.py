"""Telling people: what is owed to whom, its words, its invitations, and sending it once and in time."""
