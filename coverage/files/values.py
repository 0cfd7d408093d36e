"""Values of typed files as texts."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from typing import Any

import pandas as pd

_LOOKS_GROUPED = re.compile(r"-?[1-9]\d{0,2}\.\d{3}")


def text_of(value: Any) -> str:
    """Return a value of a typed file as the text that the field check reads back as the same value.

    A float such as 1.234 is written 1.2340: three digits behind the point would look like a group of thousands.

    >>> text_of(20194.0), text_of(1.234), text_of(None), text_of(True)
    ('20194', '1.2340', '', 'TRUE')
    """
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, float):
        return _float_text(value)
    if isinstance(value, dt.date):  # a datetime is one too, and Excel knows no dates without a time
        timed = isinstance(value, dt.datetime) and value.time() != dt.time()
        return str(value) if timed else f"{value:%Y-%m-%d}"
    return str(value).upper() if isinstance(value, bool) else str(value)


def _float_text(value: float) -> str:
    if not math.isfinite(value):
        return "" if math.isnan(value) else str(value)
    text = str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
    return text + "0" if _LOOKS_GROUPED.fullmatch(text) else text
