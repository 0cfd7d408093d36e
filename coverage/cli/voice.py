"""How the command line speaks: figures to stdout, messages to stderr, errors as a sentence or as JSON."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

from coverage.errors import CoverageError, Problem
from coverage.types import Language
from coverage.words import LANGUAGES, render, render_problem, t

LISTED = 20  # problems told one by one; the rest is a count

Progress = Callable[[int, int], None]
# Names come from files and arguments: none of them may move the cursor or start a line of its own.
_CONTROLS = dict.fromkeys((*range(32), *range(127, 160)), "\N{REPLACEMENT CHARACTER}")


@dataclass(frozen=True, kw_only=True)
class Voice:
    """In which language to speak, and whether a machine listens on stdout."""

    lang: Language
    as_json: bool

    def show(self, text: str) -> None:
        """Print to stdout what the command was asked for."""
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()

    def note(self, key: str, **values: Any) -> None:
        """Say the text ``cli.<key>`` on stderr."""
        self._mutter(t(f"cli.{key}", self.lang, **values))

    def problems(self, found: Sequence[Problem]) -> None:
        """List the first problems on stderr, and say how many more there are."""
        for problem in found[:LISTED]:
            self._mutter(f"- {render_problem(problem, self.lang)}")
        if len(found) > LISTED:
            self.note("more_problems", count=len(found) - LISTED)

    def fail(self, error: CoverageError) -> None:
        """Say why nothing came of it: a sentence and its problems on stderr; for a machine, one document on stdout."""
        found: Sequence[Problem] = getattr(error, "problems", ())
        if self.as_json:
            self.show(json.dumps(failure(error, found), ensure_ascii=False, allow_nan=False, indent=2))
            return
        self._mutter(f"phusong: {render(error, self.lang)}")
        self.problems(found)

    @contextmanager
    def progress(self, key: str) -> Iterator[Progress | None]:
        """Show a bar named ``cli.<key>`` while there is a person at the terminal; yield who moves it."""
        if not sys.stderr.isatty():
            yield None
            return
        with tqdm(desc=t(f"cli.{key}", self.lang), file=sys.stderr, leave=False, unit="cell") as bar:

            def move(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            yield move

    def _mutter(self, text: str) -> None:
        print(text.translate(_CONTROLS), file=sys.stderr, flush=True)  # noqa: T201 (this is the place that speaks)


def failure(error: CoverageError, found: Sequence[Problem]) -> dict[str, Any]:
    """Return an error as a document: code, sentences, values, and every problem with its row and field."""
    return {
        "error": {"code": error.code, **_sentences(error), "values": plain(error.values)},
        "problems": [document(problem) for problem in found],
    }


def document(problem: Problem) -> dict[str, Any]:
    """Return a problem as a document: code, severity, row, field, value, values and sentences in both languages."""
    return {
        "code": problem.code,
        "severity": problem.severity,
        "row": plain(problem.row),
        "field": problem.field,
        "value": problem.value,
        **_sentences(problem),
        "values": plain(problem.values),
    }


def _sentences(what: CoverageError | Problem) -> dict[str, str]:
    return {
        f"message_{lang}": render(what, lang) if isinstance(what, CoverageError) else render_problem(what, lang)
        for lang in LANGUAGES
    }


def plain(value: Any) -> Any:
    """Return a value as JSON has it: numbers of NumPy as numbers, NaN and infinity as null, anything else as text."""
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
