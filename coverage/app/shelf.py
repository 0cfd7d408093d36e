"""Scenarios that a visitor holds: named, duplicated, thrown away, and read from files."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from coverage.city import City
from coverage.files.tomls import toml_of
from coverage.planning.offers import Candidates
from coverage.planning.plans import Plan
from coverage.scenarios import Scenario

LONGEST_NAME = 60
MAX_BYTES = 2 << 20


@dataclass(frozen=True, kw_only=True, eq=False)
class Held:
    """A scenario on the shelf.

    Attributes
    ----------
    scenario : Scenario
        Its name is the name on the shelf.
    definition : str
        Id of the definition it was made or last looked at under.
    plan : Plan or None
        Where it is a plan as the solver made it: its order, curve and proof. None for one read from a file or changed.
    offered : Candidates or None
        What the plan was chosen from, with its rules and what they refuse.
    """

    scenario: Scenario
    definition: str
    plan: Plan | None = None
    offered: Candidates | None = None

    @property
    def name(self) -> str:
        """Name on the shelf."""
        return self.scenario.name

    @property
    def cost_vnd(self) -> float:
        """Cost of all changes [VND]."""
        return float(sum(change.cost_vnd for change in self.scenario.changes))

    def named(self, name: str) -> Held:
        """Return the same under another name."""
        return dataclasses.replace(self, scenario=self.scenario.renamed(name))


Shelf = dict[str, Held]


def tidy(name: str) -> str:
    """Return a name without line breaks and double spaces, at most 60 characters long.

    >>> tidy("  Phương án   20 % ")
    'Phương án 20 %'
    """
    return re.sub(r"\s+", " ", name).strip()[:LONGEST_NAME].strip()


def free_name(wished: str, taken: Collection[str]) -> str:
    """Return the name, or with the first number that makes it new.

    >>> free_name("A", ["A", "A (2)"])
    'A (3)'
    """
    if wished not in taken:
        return wished
    stem = re.sub(r" \(\d+\)$", "", wished)
    number = 2
    while f"{stem} ({number})" in taken:
        number += 1
    return f"{stem} ({number})"


def saved(shelf: Mapping[str, Held], held: Held, name: str) -> tuple[Shelf, str]:
    """Return the shelf with one more scenario on it and the name it got; a name that is taken gets a number."""
    given = free_name(tidy(name) or held.name, shelf)
    return {**shelf, given: held.named(given)}, given


def duplicated(shelf: Mapping[str, Held], name: str) -> tuple[Shelf, str]:
    """Return the shelf with a copy of a scenario on it, and the copy's name."""
    return saved(shelf, shelf[name], name)


def without(shelf: Mapping[str, Held], name: str) -> Shelf:
    """Return the shelf without a scenario."""
    return {each: held for each, held in shelf.items() if each != name}


def read(shelf: Mapping[str, Held], content: bytes, file: str, city: City, definition: str) -> tuple[Shelf, str]:
    """Return the shelf with the scenario of a TOML file on it, and its name.

    Raises
    ------
    LayerError
        As `coverage.files.tomls.toml_of` and `coverage.scenarios.Scenario.parse`.
    """
    toml_of(content, file, most_bytes=MAX_BYTES)  # size, encoding and syntax, before anything looks at what it says
    text = content.decode("utf-8-sig")
    scenario = Scenario.parse(text, city, file=file)
    return saved(shelf, Held(scenario=scenario, definition=definition), scenario.name or file)


def file_name(name: str) -> str:
    """Return a file name for a scenario: letters, digits and dashes.

    >>> file_name("Phương án 20 %")
    'phuong-an-20.toml'
    """
    plain = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D"))
    plain = "".join(char for char in plain if not unicodedata.combining(char)).lower()
    return f"{re.sub(r'[^a-z0-9]+', '-', plain).strip('-') or 'scenario'}.toml"
