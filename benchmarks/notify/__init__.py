"""How fast notices go out, how late, and what a storm does to them."""
