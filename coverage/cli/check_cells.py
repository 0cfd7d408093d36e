"""`phusong check cells FILE`: what a partner's file of cells is worth, row by row."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from coverage.cli.grounds import ground_from
from coverage.cli.keeping import store_of
from coverage.cli.readers import UsageError
from coverage.cli.summaries import written_lines
from coverage.cli.voice import LISTED, Voice
from coverage.errors import LayerError
from coverage.files.raw import RawTable
from coverage.files.sandbox import read_upload
from coverage.intake.checking import Against, Checked, check_cells
from coverage.intake.documents import report_of, report_of_failure, told
from coverage.intake.handing import remembered_for
from coverage.intake.workbooks import marked_workbook
from coverage.layers import Layer
from coverage.publishing import json_text
from coverage.store.current import layer_of
from coverage.store.engine import address_of
from coverage.store.principal import Principal
from coverage.store.submissions import Kind, holding
from coverage.types import Language
from coverage.words import percent, render_problem, t
from coverage.writing import csv_text, write_bytes, write_text

CLEAN, PROBLEMS, UNUSABLE = 0, 1, 2


def run(arguments: Namespace, voice: Voice) -> int:
    """Check a file of cells: 0 clean, 1 problems, 2 unusable."""
    return answer(arguments, voice, lambda: _checked(arguments))


def _checked(arguments: Namespace) -> Checked:
    ground = ground_from(arguments)
    raw, told = read_upload(arguments.file), mapping_of(arguments.map or [])
    known, earlier = before_of("cells", arguments, raw)
    if arguments.earlier:
        earlier = check_cells(arguments.earlier, Against(partner=arguments.partner)).layer
    about = Against(
        partner=arguments.partner, mapping=known | told, wards=ground.wards, sea=ground.sea, earlier=earlier,
        crs=arguments.crs,
    )  # fmt: skip
    return check_cells(raw, about)


def before_of(kind: Kind, arguments: Namespace, raw: RawTable) -> tuple[dict[str, str], Layer | None]:
    """Return what the store that was named knows of a partner: its confirmed columns, and what holds of it."""
    if not arguments.partner or not (arguments.store or address_of()):
        return {}, None
    store = store_of(arguments)
    who = Principal(account_id="", name="system", role="partner", partner=arguments.partner)
    try:
        with store.reading(who) as access:
            earlier = layer_of(access, kind) if holding(access, kind) else None
        return remembered_for(store, who, kind, raw), earlier
    finally:
        store.close()


def mapping_of(told_pairs: list[str]) -> dict[str, str]:
    """Return field → column of ``--map field=column``, given as often as needed.

    Raises
    ------
    UsageError
        ``map_unusable``.
    """
    pairs = {}
    for text in told_pairs:
        field, mark, column = text.partition("=")
        if not mark or not field.strip() or not column.strip():
            raise UsageError("map_unusable", value=text)
        pairs[field.strip()] = column.strip()
    return pairs


def answer(arguments: Namespace, voice: Voice, check: Callable[[], Checked]) -> int:
    """Run a check, say what it found, write what was asked for, and return the exit code."""
    try:
        checked = check()
    except LayerError as error:
        if not voice.as_json:
            raise
        voice.show(json_text(report_of_failure(error, Path(arguments.file).name)))
        return UNUSABLE
    written = _written(checked, arguments.out, voice.lang) if arguments.out else ()
    if voice.as_json:
        voice.show(json_text(report_of(checked)))
    else:
        lines = _lines(checked, voice.lang)
        voice.show("\n".join(lines + (written_lines(written, voice.lang) if written else [])))
    if not checked.accepted:
        return UNUSABLE
    return CLEAN if all(problem.severity == "note" for problem in checked.problems) else PROBLEMS


def _lines(checked: Checked, lang: Language) -> list[str]:
    counts = {name: getattr(checked, name) for name in ("rows", "accepted", "refused", "repaired")}
    scores = ", ".join(
        f"{t(f'intake.dimension_{name}', lang)} {percent(score, lang)}" for name, score in checked.grade.scores.items()
    )
    lines = [
        t("cli.check_counts", lang, file=checked.source.name, **counts),
        t("cli.check_grade", lang, letter=checked.grade.letter, scores=scores),
    ]
    if checked.grade.advice is not None:
        lines.append(render_problem(checked.grade.advice, lang))
    if checked.by_ward:
        letters = pd.Series([one.grade.letter for one in checked.by_ward]).value_counts().sort_index()
        listed = ", ".join(f"{letter}: {count}" for letter, count in letters.items())
        lines.append(t("cli.check_by_ward", lang, listed=listed))
    order = ("error", "warning", "note")
    found = sorted(checked.problems, key=lambda problem: order.index(problem.severity))
    lines += [f"- {render_problem(problem, lang)}" for problem in found[:LISTED]]
    if len(found) > LISTED:
        lines.append(t("cli.more_problems", lang, count=len(found) - LISTED))
    return [*lines, ""]


def _written(checked: Checked, out: str, lang: Language) -> tuple[Path, ...]:
    folder, stem = Path(out), Path(checked.source.name).stem
    return (
        write_bytes(folder / f"{stem}.sua.xlsx", marked_workbook(checked, lang)),
        write_text(folder / f"{stem}.problems.csv", csv_text(pd.DataFrame(told(checked.problems)))),
        write_text(folder / f"{stem}.report.json", json_text(report_of(checked))),
    )
