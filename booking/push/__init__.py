"""Appointments written into an agent's own calendar (CalDAV, RFC 4791) instead of mailed, where they ask for it."""
