"""A room: who is in it, what they may do and see there, and the rooms that are open on this server."""
