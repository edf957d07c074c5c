"""Reading a pass from a picture of the kiosk's camera."""

import asyncio
from io import BytesIO

import zxingcpp
from PIL import Image, UnidentifiedImageError

from booking.passes import PASS_PREFIX
from kiosks.errors import PictureRefused

MAX_BYTES = 512 * 1024
MAX_PIXELS = 2_100_000  # 1920 x 1080
FORMATS = ("JPEG", "PNG", "WEBP")


async def read_picture(picture: bytes) -> str | None:
    """Return the text of the first pass in a picture, None if it shows none. Decoded off the event loop.

    Raises PictureRefused for what is too large, or no picture.
    """
    if len(picture) > MAX_BYTES:
        raise PictureRefused
    return await asyncio.to_thread(_decode, picture)


def _decode(picture: bytes) -> str | None:
    try:
        with Image.open(BytesIO(picture), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:  # known from the header, before anything is decoded
                raise PictureRefused
            grey = image.convert("L")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError, ValueError):
        raise PictureRefused from None
    found = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    return next((code.text for code in found if code.text.startswith(PASS_PREFIX)), None)
