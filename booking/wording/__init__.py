"""The words in which people are told: text messages that fit, and the texts that an administrator may write."""
