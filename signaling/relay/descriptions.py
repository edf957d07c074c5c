"""Descriptions such as no browser writes are refused before aiortc reads them: over some it would take seconds.

Its reader (1.16) compares every `a=ssrc` line with all before it, and every `a=rtcp-fb` line with all codecs of its
section, in the one thread that everybody's call runs in. A browser in a full room writes a quarter of these at most.
"""

import re

MAX_LINES = 2000
MAX_SECTIONS = 40
# in all, then in one section
MAX_OF_A_KIND = {"ssrc": 200, "ssrc-group": 100, "rtpmap": 400, "fmtp": 400, "rtcp-fb": 600}
MAX_CODECS = 24

_ATTRIBUTE = re.compile(r"^a=(ssrc-group|ssrc|rtpmap|fmtp|rtcp-fb):", re.MULTILINE)


def assert_plausible(sdp: str) -> None:
    """Raise ValueError for a session description (RFC 8866) with more of anything than a browser writes."""
    sections = re.split(r"^m=", sdp, flags=re.MULTILINE)
    if sdp.count("\n") + sdp.count("\r") > 2 * MAX_LINES or len(sections) > MAX_SECTIONS + 1:
        raise ValueError("too long a description")
    total = dict.fromkeys(MAX_OF_A_KIND, 0)
    for section in sections:
        kinds = _ATTRIBUTE.findall(section)
        if kinds.count("rtpmap") > MAX_CODECS or len(section.partition("\n")[0].split()) > 3 + MAX_CODECS:
            raise ValueError("too many codecs in a section")
        for kind in kinds:
            total[kind] += 1
    for kind, count in total.items():
        if count > MAX_OF_A_KIND[kind]:
            raise ValueError(f"too many {kind} lines")
