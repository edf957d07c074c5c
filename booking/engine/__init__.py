"""Where slots come from: interval arithmetic, the offer, what is taken, and who and what could take an appointment."""
