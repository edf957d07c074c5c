"""The pages of a call, of the test before it, and of invitations; and what they say."""
