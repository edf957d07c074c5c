"""The messages of SMPP 3.4 that we say and hear; pure. smpplib writes and reads them."""

import re
from dataclasses import dataclass
from typing import Any

from smpplib import consts, smpp
from smpplib.exceptions import PDUError, UnknownCommandError

from booking.wording.gsm7 import Alphabet, encode, measure, split

HEADER_BYTES = 16
LARGEST_PDU = 65_536
# SMPP 3.4, 5.1.3: wrong address, wrong length, wrong numbering: another try will be refused as well.
FOR_GOOD = {
    consts.SMPP_ESME_RINVMSGLEN,
    consts.SMPP_ESME_RINVDSTADR,
    consts.SMPP_ESME_RINVDSTTON,
    consts.SMPP_ESME_RINVDSTNPI,
}
TON_UNKNOWN, TON_INTERNATIONAL, TON_SHORT, TON_ALPHANUMERIC = 0, 1, 3, 5
NPI_UNKNOWN, NPI_ISDN = 0, 1
WITH_HEADER = 0x40  # esm_class: the text begins with a user data header
IS_RECEIPT, KIND_OF_MESSAGE = 0x04, 0x3C  # esm_class, 5.2.12
GSM_DEFAULT, UCS2 = 0, 8  # data_coding, 5.2.19
# message_state, 5.2.28, and the words of a receipt's text, appendix B
DELIVERED, FAILED = {2, "DELIVRD"}, {3, 4, 5, 8, "EXPIRED", "DELETED", "UNDELIV", "REJECTD"}
RECEIPT_ID = re.compile(rb"\bid:([^\s]+)")
RECEIPT_STATE = re.compile(rb"\bstat:([A-Za-z]+)")


class NoPdu(ValueError):
    """Bytes that are no PDU: the connection cannot be read any further."""


class _Numbered:
    """What smpplib takes a sequence number from."""

    def __init__(self, sequence: int) -> None:
        self.sequence = sequence

    def next_sequence(self) -> int:
        return self.sequence


@dataclass(frozen=True)
class Receipt:
    """What became of a message: `delivered` is None while that is not known for good."""

    message_ref: str
    delivered: bool | None


def write(command: str, *, sequence: int, **fields: Any) -> bytes:
    """Return a PDU by its name in SMPP 3.4, such as `enquire_link`."""
    return bytes(smpp.make_pdu(command, client=_Numbered(sequence), **fields).generate())


def read(data: bytes) -> Any:
    """Return a PDU read from bytes, with `command`, `status`, `sequence` and its fields. Raises NoPdu."""
    try:
        pdu = smpp.parse_pdu(data, client=_Numbered(0), allow_unknown_opt_params=True)
    except (PDUError, UnknownCommandError, ValueError, LookupError, TypeError, OverflowError) as error:
        raise NoPdu(type(error).__name__) from error
    except Exception as error:  # struct.error, of a module that is named like its function
        raise NoPdu(type(error).__name__) from error
    if pdu is None:
        raise NoPdu("unknown_command")
    return pdu


def submissions(text: str, *, sender: str, to: str, group: int) -> list[dict[str, Any]]:
    """Return the fields of a submit_sm for each part of a text.

    `group` (0 to 255) joins them (TS 23.040 9.2.3.24.1).
    """
    alphabet, parts = measure(text).alphabet, split(text)
    source_ton, source_npi = sender_type(sender)
    fields = []
    for number, part in enumerate(parts, 1):
        octets = encode(part) if alphabet is Alphabet.GSM7 else part.encode("utf-16-be")
        joined = len(parts) > 1
        header = bytes([5, 0, 3, group, len(parts), number]) if joined else b""
        fields.append(
            {
                "source_addr_ton": source_ton,
                "source_addr_npi": source_npi,
                "source_addr": sender.removeprefix("+"),
                "dest_addr_ton": TON_INTERNATIONAL,
                "dest_addr_npi": NPI_ISDN,
                "destination_addr": to.removeprefix("+"),
                "esm_class": WITH_HEADER if joined else 0,
                "registered_delivery": 1,
                "data_coding": GSM_DEFAULT if alphabet is Alphabet.GSM7 else UCS2,
                "short_message": header + octets,
            }
        )
    return fields


def sender_type(sender: str) -> tuple[int, int]:
    """Return type of number and numbering plan of a sender: a name, a short code or a number."""
    if not sender.removeprefix("+").isdigit():
        return TON_ALPHANUMERIC, NPI_UNKNOWN
    if sender.startswith("+") or len(sender) > 8:
        return TON_INTERNATIONAL, NPI_ISDN
    return TON_SHORT, NPI_UNKNOWN


def read_receipt(pdu: Any) -> Receipt | None:
    """Return what a deliver_sm says of a message that we sent; None if it is something else (an answer to one)."""
    if (pdu.esm_class or 0) & KIND_OF_MESSAGE != IS_RECEIPT:
        return None
    text = pdu.short_message or b""
    named = RECEIPT_ID.search(text)
    said = RECEIPT_STATE.search(text)
    ref = pdu.receipted_message_id or (named.group(1) if named else b"")
    state = pdu.message_state if pdu.message_state is not None else said.group(1).decode().upper() if said else ""
    delivered = True if state in DELIVERED else False if state in FAILED else None
    return Receipt(ref.rstrip(b"\0").decode("ascii", "replace"), delivered)


def spellings(ref: str) -> tuple[str, ...]:
    """Return how a receipt may write a message's name: some operators use hexadecimal in one place only."""
    found = [ref, ref.lower(), ref.upper()]
    if ref.isdigit():
        found += [f"{int(ref):x}", f"{int(ref):X}", f"{int(ref):08X}"]
    if re.fullmatch(r"[0-9A-Fa-f]+", ref):
        found.append(str(int(ref, 16)))
    return tuple(dict.fromkeys(found))
