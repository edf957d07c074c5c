"""Who, where and when: offers, calendars, slots, appointments, and telling people about them.

The verbs are here (`book`, `change`, `progress`, `holds`, `waiting`, `trouble`, `late`), with the life of an
appointment (`lifecycle`) and what pages read (`agenda`). `engine` finds slots, `notifications` tells, and `pages`,
`journey`, `office` and `api` show.
"""
