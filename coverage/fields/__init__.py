"""The fields of every layer, and the check that turns a table of texts into a typed one.

One CSV file per kind of layer lists name, type, unit, range, need, spellings (``aliases``) and the label and help in
both languages: the readers, the messages, the app's help and the templates all come from the same rows.
"""

from __future__ import annotations

from coverage.fields.checking import check
from coverage.fields.headers import best_headers, field_of, match_headers
from coverage.fields.tables import Field, table, version
from coverage.fields.texts import clean, key_of

__all__ = ["Field", "best_headers", "check", "clean", "field_of", "key_of", "match_headers", "table", "version"]
