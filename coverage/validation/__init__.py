"""Published cases of the propagation models, computed again: what `phusong validate` does.

Each model has a folder layout and a tolerance; unknown files are passed over. A case outside the stated range of its
model is computed all the same and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from coverage.errors import StoreError
from coverage.types import Language
from coverage.validation.cases import Case as Case
from coverage.validation.itu import P1812_DB, P2108_DB, P2109_DB, p1812_cases, p2108_cases, p2109_cases
from coverage.validation.ntia import EHATA_DB, ITM_DB, ehata_cases, itm_cases
from coverage.validation.telling import document, table

MODELS: dict[str, Callable[[Path], Iterator[Case]]] = {
    "p1812": p1812_cases,
    "p2108": p2108_cases,
    "p2109": p2109_cases,
    "ehata": ehata_cases,
    "itm": itm_cases,
}
TOLERANCES_DB = {"p1812": P1812_DB, "p2108": P2108_DB, "p2109": P2109_DB, "ehata": EHATA_DB, "itm": ITM_DB}


def validate(model: str, folder: str | Path) -> tuple[Case, ...]:
    """Compute the published cases of a folder.

    Parameters
    ----------
    model : {"p1812", "p2108", "p2109", "ehata", "itm"}
    folder : path
        Laid out like the publisher's: for p1812 ``profiles/``, ``results/*_log.csv`` and ``combined_results.csv``; for
        p2108 and p2109 tables; for ehata ``test-inputs*.csv`` and ``pfls/``; for itm ``p2p.csv`` with ``pfls.csv`` and
        ``area.csv``.

    Returns
    -------
    tuple of Case

    Raises
    ------
    StoreError
        ``validation_model`` for an unknown model, ``validation_empty`` where no case was found,
        ``validation_unreadable`` for a file that belongs to a case and cannot be used.
    """
    if model not in MODELS:
        raise StoreError("validation_model", model=model, known=", ".join(MODELS))
    cases = tuple(MODELS[model](Path(folder)))
    if not cases:
        raise StoreError("validation_empty", model=model, folder=str(folder))
    return cases


def passed(cases: tuple[Case, ...]) -> bool:
    """Tell whether every case that is judged lies within its tolerance."""
    return all(case.ok is not False for case in cases)


def run_validate(
    model: str, folder: str | Path, as_json: bool, *, lang: Language = "vi", show: Callable[[str], None] = print
) -> int:
    """Compute the published cases of a folder, show them, and return the exit code of the command.

    Parameters
    ----------
    model, folder
        As `validate`.
    as_json : bool
        Show one document instead of a table.
    lang : {"vi", "en"}
        Of the table.
    show : callable
        Takes the text.

    Returns
    -------
    int
        0 all judged cases agree, 1 one or more do not.

    Raises
    ------
    StoreError
        As `validate`: exit code 2.
    """
    cases = validate(model, folder)
    show(document(model, cases) if as_json else table(model, cases, lang))
    return 0 if passed(cases) else 1
