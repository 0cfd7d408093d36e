"""Which pages docs/ has."""

from __future__ import annotations

from collections.abc import Callable

from tools.docs.api import api_page
from tools.docs.commands import commands_page
from tools.docs.tables import catalogue_page, definitions_page, fields_page

PAGES: dict[str, Callable[[], str]] = {
    "api.md": api_page,
    "catalogue.md": catalogue_page,
    "commands.md": commands_page,
    "definitions.md": definitions_page,
    "fields.md": fields_page,
}
