"""Write every page into docs/."""

from __future__ import annotations

from pathlib import Path

from tools.docs.pages import MEASURED, PAGES

FOLDER = Path(__file__).resolve().parents[2] / "docs"

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, write in PAGES.items():
        (FOLDER / name).write_text(write(), "utf-8")
    for name, measure in MEASURED.items():
        if (text := measure()) is not None:
            (FOLDER / name).write_text(text, "utf-8")
