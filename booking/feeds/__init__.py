"""Calendars to subscribe to: an agent's, a house's and a shared room's appointments at a secret address."""
