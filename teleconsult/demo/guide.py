"""What is printed when the demonstration is up: where each of the four goes, and with which login."""

from teleconsult.demo.people import (
    ADMINISTRATOR_EMAIL,
    ADVISER_EMAIL,
    AGENT_EMAIL,
    PARTNER_KEY,
    PASSWORD,
)
from teleconsult.settings import Settings

DOORS = (
    ("The citizen, at the kiosk", "/kiosk", "no login; the screen shows a reference that can be checked in now"),
    ("The citizen, from home", "/rdv", "no login"),
    ("The agent", "/agent", AGENT_EMAIL),
    ("The adviser of the house", "/desk", ADVISER_EMAIL),
    ("The administrator", "/admin", ADMINISTRATOR_EMAIL),
    ("The messages that were sent", "/demo/mailbox", "no login; mails, and text messages from there"),
)


def demo_guide(settings: Settings) -> str:
    """Return the sentences that send each of the four on their way; every login has the same password."""
    width = max(len(who) for who, _, _ in DOORS)
    reach = max(len(settings.origin + path) for _, path, _ in DOORS)
    lines = [f"  {who:<{width}}  {settings.origin + path:<{reach}}  {login}" for who, path, login in DOORS]
    return "\n".join(
        [
            "",
            f"Teleconsult runs at {settings.origin} (demonstration: never with real data)",
            "",
            *lines,
            "",
            f"  Password of every login: {PASSWORD}    Partner's API key: {PARTNER_KEY}",
            "  For a call, open the kiosk and the agent's page side by side, in two windows (one browser will do).",
            "  Stop with Ctrl+C.",
            "",
        ]
    )
