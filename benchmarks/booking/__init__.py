"""How fast slots are found and booked, over HTTP, on PostgreSQL."""
