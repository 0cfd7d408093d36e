"""The commands themselves: read, measure, plan, write, say."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd

from coverage.catalog.definitions import definition, definitions
from coverage.caveats import problems
from coverage.city import City
from coverage.cli.arguments import FILES, UsageError
from coverage.cli.keeping import audit, user
from coverage.cli.summaries import definition_lines, plan_lines, result_lines, written_lines
from coverage.cli.voice import Voice
from coverage.errors import CoverageError, GridError, StoreError
from coverage.files.cities import demo_city, read_city
from coverage.files.layers import read_sites, read_wards
from coverage.grid import metre_bounds
from coverage.layers import Layer
from coverage.models import TR38901, PathLossModel
from coverage.planning.plans import Plan
from coverage.planning.plans import plan as choose
from coverage.planning.proposals import candidates
from coverage.publishing import city_json, json_text, publish, publish_plan, shown_documents
from coverage.reporting import report
from coverage.showing import in_edition
from coverage.study import Result, Study
from coverage.terrain import P1812
from coverage.validation import run_validate

MODELS: dict[str, PathLossModel | None] = {"auto": None, "tr38901": TR38901(), "p1812": P1812()}
TOLERANCE = 1e-9  # between what a plan claims and what a re-run measures
APP = Path(__file__).resolve().parents[2] / "app.py"


def demo(arguments: Namespace, voice: Voice) -> int:
    """Measure the embedded demo city."""
    folder = _folder(arguments.out)
    return _published(Study(demo_city()), folder, voice)


def measure(arguments: Namespace, voice: Voice) -> int:
    """Measure a city from files, or the demo city."""
    folder = _folder(arguments.out)
    wards = read_wards(arguments.show_wards, arguments.show_edition or "auto") if arguments.show_wards else None
    edition = arguments.show_edition or (None if wards is None else wards.edition)
    return _published(_study(arguments), folder, voice, edition, wards)


def plan(arguments: Namespace, voice: Voice) -> int:
    """Choose changes towards a target, and prove the claim by a re-run."""
    folder = _folder(arguments.out)
    study = _study(arguments)
    study.rule.rule()  # plans need it: refused before anything is predicted
    voice.problems(problems(study.city))
    sites, read = _sites(arguments.sites, voice)
    with voice.progress("progress_measure") as progress:
        before = study.run(progress)
    changes = candidates(study, new_sites=sites, lattice_m=arguments.lattice, costs=arguments.costs)
    with voice.progress("progress_plan") as progress:
        made = choose(
            study, changes, target=arguments.target, budget_vnd=arguments.budget, today=before, progress=progress
        )
    with voice.progress("progress_measure") as progress:
        after = study.under(made.scenario).run(progress)
    if abs(after.headline - made.share_after) > TOLERANCE:
        raise CoverageError("claim_differs", claim=made.share_after, measured=after.headline)
    request = {
        "target": made.target,
        "budget_vnd": arguments.budget,
        "costs": arguments.costs,
        "lattice_m": None if sites is not None else arguments.lattice,
        "sites": read,
        "candidates": len(changes),
    }
    page = report(before, after, made, lang=voice.lang).html.encode()
    written = publish_plan(before, after, made, folder, lang=voice.lang, request=request, also={"report.html": page})
    _tell_plan(made, before, after, written, voice)
    return 0 if made.reached else 1


def listing(arguments: Namespace, voice: Voice) -> int:
    """List the coverage definitions."""
    if arguments.json:
        voice.show(json_text({"definitions": [dataclasses.asdict(rule) for rule in definitions().values()]}))
    else:
        voice.show("\n".join(definition_lines(definitions().values(), voice.lang)))
    return 0


def published_cases(arguments: Namespace, voice: Voice) -> int:
    """Compute the published cases of a propagation model again and compare."""
    return run_validate(arguments.model, arguments.folder, arguments.json, lang=voice.lang, show=voice.show)


def app(arguments: Namespace, voice: Voice) -> int:
    """Serve the app until it is stopped."""
    if not APP.is_file():
        raise UsageError("app_missing", file=APP.name)
    port = int(arguments.port)
    voice.note("app_at", address=f"http://localhost:{port}")
    call = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port)]
    return subprocess.run(call, cwd=APP.parent, check=False).returncode  # noqa: S603 (our own)


def _folder(out: str | None) -> Path:
    """Return the folder to write to; an unusable one is refused before anything is computed.

    Raises
    ------
    UsageError
        ``out_missing``.
    StoreError
        ``out_is_file``, ``out_unwritable``.
    """
    if not out:
        raise UsageError("out_missing")
    folder = Path(out)
    try:
        standing = next(place for place in (folder, *folder.absolute().parents) if _stands(place))
    except (OSError, ValueError) as error:  # a name too long, with a NUL in it, or in a folder that is closed
        raise StoreError("out_unwritable", folder=out, reason=str(error)) from None
    if not standing.is_dir():
        raise StoreError("out_is_file", folder=out, file=str(standing))
    if not os.access(standing, os.W_OK | os.X_OK):
        raise StoreError("out_unwritable", folder=out, reason=str(standing))
    return folder


def _stands(place: Path) -> bool:
    try:
        place.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _study(arguments: Namespace) -> Study:
    """Return the study that the arguments describe.

    Raises
    ------
    CoverageError
        ``inputs_incomplete``, ``bounds_outside``, and whatever is wrong with definition, files or grid.
    """
    rule = definition(arguments.definition)  # before any file is read: a typing error should not cost a minute
    bounds = metre_bounds(arguments.bounds) if arguments.bounds else None
    study = Study(
        _city(arguments),
        definition=rule,
        pixel_m=arguments.pixel,
        model=MODELS[arguments.model],
        bounds_m=bounds,
        technology=arguments.technology,
    )
    study.asked  # noqa: B018 — what cannot be answered is refused before anything is predicted
    if bounds and study.weights.area.totals.sum() == 0:
        raise GridError("bounds_outside", bounds=arguments.bounds)
    return study


def _city(arguments: Namespace) -> City:
    given = {name.replace("-", "_"): getattr(arguments, name.replace("-", "_")) for name in FILES}
    if not any(given.values()) and arguments.edition == "auto":
        return demo_city()
    lacking = [f"--{name}" for name in ("wards", "cells") if not given[name]]
    if lacking:
        raise UsageError("inputs_incomplete", lacking=", ".join(lacking))
    return read_city(**given, edition=arguments.edition)


def _sites(path: str | None, voice: Voice) -> tuple[gpd.GeoDataFrame | None, dict[str, str] | None]:
    if path is None:
        return None, None
    layer = read_sites(path)
    voice.problems(layer.problems)
    return layer.frame, {"name": layer.source.name, "sha256": layer.source.sha256}


def _published(study: Study, folder: Path, voice: Voice, edition: str | None = None, wards: Layer | None = None) -> int:
    voice.problems(problems(study.city))
    with voice.progress("progress_measure") as progress:
        result = study.run(progress)
    also = {"report.html": report(result, lang=voice.lang).html.encode()}
    if edition:
        shown = in_edition(result, edition, wards)
        voice.problems(shown.problems)
        also |= shown_documents(result, shown)
    written = publish(result, folder, voice.lang, also=also)
    if voice.as_json:
        voice.show(city_json(result))
    else:
        voice.show("\n".join([*result_lines(result, voice.lang), *written_lines(written, voice.lang)]))
    return 0


def _tell_plan(made: Plan, before: Result, after: Result, written: Sequence[Path], voice: Voice) -> None:
    if voice.as_json:
        voice.show(json_text(made.summary()))
    else:
        voice.show("\n".join([*plan_lines(made, before, after, voice.lang), *written_lines(written, voice.lang)]))


COMMANDS = {
    "demo": demo,
    "measure": measure,
    "plan": plan,
    "definitions": listing,
    "validate": published_cases,
    "app": app,
    "user": user,
    "audit": audit,
}
