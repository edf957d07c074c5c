"""Cells for spreadsheets: nothing in a file of ours is run when it is opened."""

# What makes a spreadsheet take a cell for a formula (OWASP, CSV Injection).
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe_text(text: str) -> str:
    """Return a text that no spreadsheet runs: an apostrophe goes before what could begin a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text
