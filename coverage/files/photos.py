"""Where a photo was taken: the position that a camera wrote into a JPEG (Exif 2.32, §4.6.6, GPS attributes).

Only the header is read, never the picture. It comes from somebody else: `coverage.files.sandbox` does it apart.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any

from PIL import ExifTags, Image

from coverage.errors import LayerError, Problem

_GPS, _TAKEN = ExifTags.IFD.GPSInfo, ExifTags.Base.DateTime
_HEADER = ["longitude", "latitude", "direction_deg", "taken_at"]


def photo_lines(data: bytes, file: str) -> tuple[Iterator[list[str]], tuple[Problem, ...]]:
    """Return the lines of a table of one row: longitude, latitude, where the camera looked [°], when; "" is unknown.

    Raises
    ------
    LayerError
        ``bad_photo`` for what is no readable JPEG; ``photo_without_place`` where the camera wrote no position, or the
        place 0, 0 that some write before they know one.
    """
    try:
        with warnings.catch_warnings(), Image.open(BytesIO(data), formats=("JPEG",)) as photo:
            warnings.simplefilter("ignore")  # damaged attributes are simply not there
            header = photo.getexif()
            gps, taken = dict(header.get_ifd(_GPS)), header.get(_TAKEN)
        lon = _degrees(gps, ExifTags.GPS.GPSLongitude, ExifTags.GPS.GPSLongitudeRef, "W", 180.0)
        lat = _degrees(gps, ExifTags.GPS.GPSLatitude, ExifTags.GPS.GPSLatitudeRef, "S", 90.0)
        direction = _number(gps.get(ExifTags.GPS.GPSImgDirection))
    except Exception:  # noqa: BLE001 (a hostile header breaks its reader in any way: all of them mean the same)
        raise LayerError("bad_photo", file=file) from None
    if not (math.isfinite(lon) and math.isfinite(lat)) or lon == lat == 0:
        raise LayerError("photo_without_place", file=file)
    looked = f"{direction:.1f}" if 0 <= direction <= 360 else ""
    return iter([_HEADER, [f"{lon:.7f}", f"{lat:.7f}", looked, taken if isinstance(taken, str) else ""]]), ()


def _degrees(gps: Mapping[Any, Any], tag: int, side: int, negative: str, end: float) -> float:
    """Return degrees from degrees, minutes and seconds; NaN where they are missing or impossible."""
    given = gps.get(tag)
    if not isinstance(given, tuple) or len(given) != 3:
        return math.nan
    degrees, minutes, seconds = map(_number, given)
    found = degrees + minutes / 60 + seconds / 3600
    sign = -1.0 if str(gps.get(side, "")).strip("\x00 ").upper() == negative else 1.0
    return sign * found if 0 <= found <= end else math.nan


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return math.nan
