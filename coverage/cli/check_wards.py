"""`phusong check wards FILE [--against OTHER]`: what a file of ward boundaries is worth."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from coverage.cli.summaries import written_lines
from coverage.cli.voice import Voice, document, plain
from coverage.disagreements import DIFFERS, Comparison, compare_wards
from coverage.errors import Problem
from coverage.files.layers import read_wards
from coverage.layers import Layer
from coverage.publishing import checked_wards, json_text
from coverage.types import Language
from coverage.words import render_problem, t
from coverage.writing import csv_text, write_bytes

GRAVITY = ("error", "warning", "note")


def run(arguments: Namespace, voice: Voice) -> int:
    """Check the boundaries: 0 clean, 1 problems or disagreements; unusable files raise."""
    layer = read_wards(arguments.file, arguments.edition)
    other = comparison = None
    if arguments.against:
        other = read_wards(arguments.against, arguments.edition)
        comparison = compare_wards(layer, other)
    written = _written(layer, comparison, arguments.out)
    if voice.as_json:
        voice.show(json_text(_document(layer, other, comparison)))
    else:
        lines = [*_lines(layer, voice.lang), *(_lines(other, voice.lang) if other else [])]
        lines += _compared(comparison, voice.lang) if comparison else []
        voice.show("\n".join(lines + (written_lines(written, voice.lang) if written else [])))
    layers = [layer] if other is None else [layer, other]
    found = [problem for each in layers for problem in each.problems]
    found += comparison.problems if comparison else []
    return 0 if all(problem.severity == "note" for problem in found) else 1


def _written(layer: Layer, comparison: Comparison | None, out: str | None) -> tuple[Path, ...]:
    if not out:
        return ()
    folder = Path(out)
    paths = (write_bytes(folder / "wards.gpkg", checked_wards(layer)),)
    if comparison is None:
        return paths
    table = csv_text(comparison.wards.reset_index()).encode()
    return (*paths, write_bytes(folder / "comparison.csv", table))


def _lines(layer: Layer, lang: Language) -> list[str]:
    area = layer.frame["area_km2"]
    mainland = float(area[layer.frame["mainland"].to_numpy(bool)].sum())
    about = {"file": layer.source.name, "count": len(layer.frame), "edition": layer.edition}
    head = t("cli.check_wards", lang, **about, area=float(area.sum()), mainland=mainland)
    if not layer.problems:
        return [head, t("cli.check_clean", lang), ""]
    return [head, t("cli.check_found", lang), *_listed(layer.problems, lang), ""]


def _listed(problems: Sequence[Problem], lang: Language) -> list[str]:
    ordered = sorted(problems, key=lambda problem: GRAVITY.index(problem.severity))
    return [f"- {render_problem(problem, lang)}" for problem in ordered]


def _compared(comparison: Comparison, lang: Language) -> list[str]:
    count = int(comparison.wards["status"].ne("same").sum())
    if comparison.agree:
        return [t("cli.check_agree", lang, percent=100 * DIFFERS), *_listed(comparison.problems, lang)]
    return [t("cli.check_disagree", lang, count=count), *_listed(comparison.problems, lang)]


def _document(layer: Layer, other: Layer | None, comparison: Comparison | None) -> dict[str, Any]:
    told = _about(layer)
    if other is None or comparison is None:
        return told
    wards = [{"ward_id": ward, **row} for ward, row in comparison.wards.to_dict("index").items()]
    against = {
        **_about(other),
        "agree": comparison.agree,
        "disagreements": [document(problem) for problem in comparison.problems],
        "comparison": plain(wards),
        "moved": plain(comparison.moved.to_dict("records")),
    }
    return {**told, "against": against}


def _about(layer: Layer) -> dict[str, Any]:
    area = layer.frame["area_km2"]
    return {
        "file": layer.source.name,
        "sha256": layer.source.sha256,
        "edition": layer.edition,
        "wards": len(layer.frame),
        "area_km2": float(area.sum()),
        "mainland_km2": float(area[layer.frame["mainland"].to_numpy(bool)].sum()),
        "problems": [document(problem) for problem in layer.problems],
    }
