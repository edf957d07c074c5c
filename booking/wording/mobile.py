"""Which telephone numbers a text message is sent to; pure."""

import phonenumbers
from phonenumbers import PhoneNumberType

# Where networks give one range to both, only they know which it is.
MOBILE = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}


def can_be_texted(phone: str, countries: frozenset[str] = frozenset()) -> bool:
    """Whether a number (E.164) is a mobile's: no landline, no premium rate, no machine's.

    `countries`: ISO 3166-1 codes that messages may go to; any if there are none. Saint-Barthélemy and Saint-Martin
    share Guadeloupe's numbers, and Mayotte La Réunion's code.
    """
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return False
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) not in MOBILE:
        return False
    return not countries or phonenumbers.region_code_for_number(number) in countries


def masked(phone: str) -> str:
    """Return as much of a number as tells somebody who knows it: `+336 ... 78`."""
    return f"{phone[:4]} … {phone[-2:]}" if phone else ""
