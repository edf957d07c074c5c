"""What is kept of calls: when, how good the lines were, why they ended. Never who, never what was said."""
