"""PhủSóng."""

from coverage import types as types
