"""Which pages docs/ has."""

from __future__ import annotations

from collections.abc import Callable

from tools.docs.api import api_page
from tools.docs.commands import commands_page
from tools.docs.rules import rules_page
from tools.docs.tables import catalogue_page, definitions_page, fields_page
from tools.docs.validation import validation_page

PAGES: dict[str, Callable[[], str]] = {
    "api.md": api_page,
    "catalogue.md": catalogue_page,
    "commands.md": commands_page,
    "definitions.md": definitions_page,
    "fields.md": fields_page,
    "rules.md": rules_page,
}

# Pages of measurements: None where what they are measured against is not at hand, and the page there is stays.
MEASURED: dict[str, Callable[[], str | None]] = {"validation.md": validation_page}
BENCHED = (
    "performance.md",
    "performance_planning.md",
    "households_accuracy.md",
)  # written by `python3 run.py bench radio`, `planning` and `households`, for it takes its time
