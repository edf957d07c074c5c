"""Booking on a phone or laptop (/rdv): search, choose, hold, confirm; and fair play."""
