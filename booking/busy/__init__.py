"""Busy time from the calendars that agents keep elsewhere: when they are taken, never why."""
