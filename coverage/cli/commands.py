"""The commands themselves: read, measure, plan, write, say."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd

from coverage.catalog.definitions import definitions
from coverage.caveats import problems
from coverage.cli import household, releasing, submitting
from coverage.cli.checking import check
from coverage.cli.inputs import asked_files, out_folder, study_of
from coverage.cli.keeping import Held, audit, from_store, user
from coverage.cli.planning import plan
from coverage.cli.readers import UsageError
from coverage.cli.summaries import definition_lines, result_lines, written_lines
from coverage.cli.voice import Voice
from coverage.disputes import confirmed
from coverage.files.cities import demo_city
from coverage.files.hamlets import read_hamlets
from coverage.files.layers import read_wards
from coverage.layers import Layer
from coverage.publishing import city_json, json_text, publish, shown_documents
from coverage.reporting import report
from coverage.showing import in_edition
from coverage.study import Study
from coverage.validation import run_validate

APP = Path(__file__).resolve().parents[2] / "app.py"


def demo(arguments: Namespace, voice: Voice) -> int:
    """Measure the embedded demo city."""
    folder = out_folder(arguments.out)
    return _published(Held(study=Study(demo_city())), folder, voice)


def measure(arguments: Namespace, voice: Voice) -> int:
    """Measure a city from files, or the demo city."""
    folder = out_folder(arguments.out)
    wards = read_wards(arguments.show_wards, arguments.show_edition or "auto") if arguments.show_wards else None
    edition = arguments.show_edition or (None if wards is None else wards.edition)
    if arguments.hamlets and not arguments.gap:
        raise UsageError("hamlets_need_gap")
    hamlets = read_hamlets(arguments.hamlets) if arguments.hamlets else None
    held = from_store(arguments, study_of(arguments))
    shown = Shown(edition=edition, wards=wards, gap=arguments.gap, hamlets=hamlets, request=asked_files(arguments))
    return _published(held, folder, voice, shown)


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
    shown = "localhost" if arguments.address == "127.0.0.1" else arguments.address
    voice.note("app_at", address=f"http://{shown}:{port}")
    call = [sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port)]
    call += ["--server.address", arguments.address]
    return subprocess.run(call, cwd=APP.parent, check=False).returncode  # noqa: S603 (our own)


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What is made beside the figures: another edition, the gap, and what the files for both were."""

    edition: str | None = None
    wards: Layer | None = None
    gap: bool = False
    hamlets: gpd.GeoDataFrame | None = None
    request: Mapping[str, Any] = field(default_factory=dict)


def _published(held: Held, folder: Path, voice: Voice, asked: Shown | None = None) -> int:
    asked, study = asked or Shown(), held.study
    voice.problems(problems(study.city))
    with voice.progress("progress_measure") as progress:
        result = study.run(progress)
    apart = confirmed(result, held.dispute) if held.dispute else None
    grades = None if held.grades is None else held.grades.table()
    also = {"report.html": report(result, lang=voice.lang, apart=apart).html.encode()}
    if asked.edition:
        shown = in_edition(result, asked.edition, asked.wards)
        voice.problems(shown.problems)
        also |= shown_documents(result, shown)
    if asked.gap:
        from coverage.gapfiles import gap_documents  # noqa: PLC0415 (spatial statistics take seconds to load)

        with voice.progress("progress_measure") as progress:
            lte = dataclasses.replace(study, technology="LTE").run(progress)
        also |= gap_documents(result, lte, hamlets=asked.hamlets)
    written = publish(result, folder, voice.lang, also=also, apart=apart, grades=grades, request=asked.request)
    if voice.as_json:
        voice.show(city_json(result, apart))
    else:
        voice.show("\n".join([*result_lines(result, voice.lang, apart), *written_lines(written, voice.lang)]))
    return 0


COMMANDS = {
    "demo": demo,
    "measure": measure,
    "publish": releasing.publish,
    "plan": plan,
    "households": household.run,
    "check": check,
    "definitions": listing,
    "validate": published_cases,
    "app": app,
    "submit": submitting.run,
    "user": user,
    "audit": audit,
}
