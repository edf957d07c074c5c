"""Whether anything is left when people come and go for a long time."""
