"""The pages of docs/, written from the tables and docstrings of the code: `python3 run.py docs`."""

from __future__ import annotations
