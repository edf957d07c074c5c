"""What citizens say of their consultation: one tap, no name."""
