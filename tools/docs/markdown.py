"""Tables and paragraphs of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

NOTICE = "<!-- Written by `python3 run.py docs` from the source; do not edit. -->"


def cell(text: object) -> str:
    """Return a value as it can stand in a cell of a table."""
    return " ".join(str(text).split()).replace("|", "\\|").replace("<", "&lt;")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; empty cells stay empty."""
    lines = [f"| {' | '.join(head)} |", f"|{' --- |' * len(head)}"]
    lines += [f"| {' | '.join(map(cell, row))} |" for row in rows]
    return "\n".join(line.replace("|  |", "| |").replace("|  |", "| |") for line in lines)


def page(*parts: str) -> str:
    """Return a page: the notice and its parts, one empty line between them."""
    return "\n\n".join([NOTICE, *(part.strip("\n") for part in parts)]) + "\n"
