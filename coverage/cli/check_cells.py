"""`phusong check cells FILE`: what a partner's file of cells is worth, row by row."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from coverage.cli.readers import UsageError
from coverage.cli.summaries import written_lines
from coverage.cli.voice import LISTED, Voice
from coverage.errors import LayerError
from coverage.files.layers import read_wards
from coverage.intake.checking import Against, Checked, check_cells
from coverage.intake.documents import report_of, report_of_failure, told
from coverage.intake.workbooks import marked_workbook
from coverage.publishing import json_text
from coverage.types import Language
from coverage.words import percent, render_problem, t
from coverage.writing import csv_text, write_bytes, write_text

CLEAN, PROBLEMS, UNUSABLE = 0, 1, 2


def run(arguments: Namespace, voice: Voice) -> int:
    """Check a file of cells: 0 clean, 1 problems, 2 unusable."""
    return answer(arguments, voice, lambda: _checked(arguments))


def _checked(arguments: Namespace) -> Checked:
    wards = read_wards(arguments.wards) if arguments.wards else None
    earlier = check_cells(arguments.earlier, Against(partner=arguments.partner)) if arguments.earlier else None
    about = Against(
        partner=arguments.partner,
        mapping=mapping_of(arguments.map or []),
        wards=wards,
        earlier=None if earlier is None else earlier.layer,
        crs=arguments.crs,
    )
    return check_cells(arguments.file, about)


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
        letters = pd.Series([grade.letter for grade in checked.by_ward.values()]).value_counts().sort_index()
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
