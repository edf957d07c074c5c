"""What comes back by mail: calendars' answers to invitations, and bounces of what could not be delivered."""
