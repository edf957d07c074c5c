"""Who may do what, by role."""

from enum import StrEnum


class Role(StrEnum):
    """A State officer who consults, an adviser at a house's front desk, or whoever runs the service."""

    AGENT = "agent"
    STAFF = "staff"
    ADMINISTRATOR = "administrator"


HOME = {Role.AGENT: "/agent", Role.STAFF: "/desk", Role.ADMINISTRATOR: "/admin"}
