"""Does a key frame begin in this payload? The only look that the relay takes at what it forwards. Pure."""

from collections.abc import Callable

KeyFrameTest = Callable[[bytes], bool]

H264_IDR, H264_SPS, H264_STAP_A, H264_FU_A = 5, 7, 24, 28


def vp8_key_frame(payload: bytes) -> bool:
    """Whether the first packet of a VP8 key frame (RFC 7741 4.2 and 4.3) has this payload."""
    if not payload or not payload[0] & 0x10 or payload[0] & 0x07:
        return False
    position = 1
    if payload[0] & 0x80:
        if len(payload) < 2:
            return False
        flags = payload[1]
        position = 2
        if flags & 0x80:
            position += 2 if payload[2:3] >= b"\x80" else 1
        position += bool(flags & 0x40) + bool(flags & 0x30)
    return position < len(payload) and not payload[position] & 0x01


def h264_key_frame(payload: bytes) -> bool:
    """Whether an IDR picture or the parameters before one begin in this payload (RFC 6184 5.6 to 5.8)."""
    kind = payload[0] & 0x1F if payload else 0
    if kind in (H264_IDR, H264_SPS):
        return True
    if kind == H264_STAP_A:
        return len(payload) > 3 and payload[3] & 0x1F in (H264_IDR, H264_SPS)
    return kind == H264_FU_A and len(payload) > 1 and bool(payload[1] & 0x80) and payload[1] & 0x1F == H264_IDR


KEY_FRAME_TESTS: dict[str, KeyFrameTest] = {"video/vp8": vp8_key_frame, "video/h264": h264_key_frame}
