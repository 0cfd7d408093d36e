"""`phusong households`: lines, households and a survey become connected households, ward by ward."""

from __future__ import annotations

import dataclasses
import math
from argparse import Namespace
from typing import Any

import geopandas as gpd
import pandas as pd

from coverage.caveats import problems
from coverage.city import City
from coverage.cli.household_options import RANGES
from coverage.cli.inputs import out_folder
from coverage.cli.readers import UsageError
from coverage.cli.summaries import aligned, wrapped, written_lines
from coverage.cli.voice import Voice
from coverage.figures import evidence_of
from coverage.files.cities import demo_city
from coverage.files.hamlets import read_hamlets
from coverage.files.homes import read_homes
from coverage.homefiles import flagged, household_document, household_table, published_households
from coverage.internet.estimation import Estimate, estimate_connected
from coverage.internet.penetration import Ratios
from coverage.publishing import json_text
from coverage.restating import restate
from coverage.study import Study
from coverage.types import Language
from coverage.words import number, percent, t
from coverage.writing import csv_text, write_bytes

FIGURES = (("connected_share", "connected"), ("any_broadband_share", "any"), ("mobile_only_share", "mobile_only"))


def run(arguments: Namespace, voice: Voice) -> int:
    """Estimate, write, say."""
    folder = out_folder(arguments.out)
    city = _city(arguments)
    hamlets = read_hamlets(arguments.hamlets) if arguments.hamlets else None
    if hamlets is not None and city.cells.frame.empty:
        raise UsageError("hamlets_need_cells")
    voice.problems(problems(city))
    estimate = estimate_connected(evidence_of(city), city.ratios)
    table = household_table(city, estimate)
    if arguments.edition and arguments.edition != city.wards.edition:
        shown = restate(table, city.wards.edition, arguments.edition, file=city.wards.source.name)
        voice.problems(shown.problems)
        table = _with_status(shown.wards)
    document = json_text(household_document(city, estimate, table))
    files = {"households.csv": csv_text(published_households(table)).encode(), "households.json": document.encode()}
    if not city.cells.frame.empty:
        files |= _gap(city, voice, hamlets)
    written = tuple(write_bytes(folder / name, content) for name, content in files.items())
    if voice.as_json:
        voice.show(document)
    else:
        voice.show("\n".join([*_lines(city, estimate, table, voice.lang), *written_lines(written, voice.lang)]))
    return 0


def _gap(city: City, voice: Voice, hamlets: gpd.GeoDataFrame | None) -> dict[str, bytes]:
    """Return ``gap.csv`` and, of hamlets, ``hamlets.csv``: who has a line and a signal, where the city has cells."""
    from coverage.gapfiles import gap_documents  # noqa: PLC0415 (spatial statistics take seconds to load)

    with voice.progress("progress_measure") as progress:
        result = Study(city).run(progress)
    files = gap_documents(result, hamlets=hamlets)
    return {name: content for name, content in files.items() if name in {"gap.csv", "hamlets.csv"}}


def _with_status(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with a status where wards of different ones merged: the less certain one."""
    mixed = table["status"].isna() & table["households"].notna()
    worse = table["lines"].isna().map({True: "model", False: "estimated"})
    return table.assign(status=table["status"].astype(object).where(~mixed, worse))


def _city(arguments: Namespace) -> City:
    """Return the demo city where no file is named; raise ``homes_incomplete`` where one of the two is missing."""
    given: dict[str, Any] = {
        name: getattr(arguments, name)
        for name in ("subscriptions", "households", "survey", "wards", "areas", "households_raster", "cells")
    }
    ranges = {name.replace("-", "_"): getattr(arguments, name.replace("-", "_")) for name in RANGES}
    ratios = Ratios(**{name: value for name, value in ranges.items() if value is not None})
    if not any(given.values()):
        return dataclasses.replace(demo_city(), ratios=ratios)
    lacking = [f"--{name}" for name in ("subscriptions", "households") if not given[name]]
    if lacking:
        raise UsageError("homes_incomplete", lacking=", ".join(lacking))
    return read_homes(**given, households_period=arguments.households_period, ratios=ratios)


def _lines(city: City, estimate: Estimate, table: pd.DataFrame, lang: Language) -> list[str]:
    """Return what was found and what it rests on, for a terminal."""
    head = f"{city.title(lang)} · {t('maps.synthetic', lang)}" if city.synthetic else city.title(lang)
    rows = [(t("measure.households", lang), number(float(estimate.wards["households"].sum()), lang))]
    rows += [(t("cli.homes_lines", lang), number(float(estimate.wards["lines"].sum()), lang))]
    for measure, name in FIGURES:
        rows.append((t(f"measure.{measure}", lang), range_text(estimate.city, name, lang)))
    status = table["status"].value_counts()
    counts = {name: int(status.get(name, 0)) for name in ("measured", "estimated", "model")}
    notes = [t("cli.homes_status", lang, **counts)]
    notes.append(t("cli.homes_with_survey" if estimate.fixed else "cli.homes_without_survey", lang))
    if not estimate.ratios.known:
        notes.append(t("cli.homes_assumed", lang))
    if not estimate.dates_known:
        notes.append(t("cli.homes_undated", lang))
    if estimate.prediction is not None:
        key = "cli.homes_predicted" if estimate.prediction.by == "covariates" else "cli.homes_mean"
        notes.append(t(key, lang, count=len(estimate.prediction.value)))
    over = flagged(estimate, "more_lines_than_households")
    if over:
        notes.append(t("cli.homes_over_full", lang, count=over))
    return [head, "", *aligned(rows), "", *wrapped(notes)]


def range_text(city: dict[str, float], name: str, lang: Language) -> str:
    """Return a share with its range, or the range alone where no share is known."""
    share, low, high = (city[f"{name}_{end}"] for end in ("share", "low", "high"))
    if math.isnan(low):
        return "–"
    both = t("cli.homes_range", lang, low=percent(low, lang), high=percent(high, lang))
    return f"{percent(share, lang)}  ({both})" if math.isfinite(share) else both
