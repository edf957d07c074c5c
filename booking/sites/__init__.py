"""The public list of France Services houses and its import."""
