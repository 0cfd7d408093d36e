"""What every command that measures reads first: the folder to write to, the city, the study."""

from __future__ import annotations

import hashlib
import os
from argparse import Namespace
from pathlib import Path

import geopandas as gpd

from coverage.catalog.definitions import definition
from coverage.city import City
from coverage.cli.arguments import FILES
from coverage.cli.readers import UsageError
from coverage.cli.voice import Voice
from coverage.errors import GridError, StoreError
from coverage.files.cities import demo_city, read_city
from coverage.files.layers import read_sites
from coverage.grid import metre_bounds
from coverage.models import TR38901, PathLossModel
from coverage.study import Study
from coverage.terrain import P1812

MODELS: dict[str, PathLossModel | None] = {"auto": None, "tr38901": TR38901(), "p1812": P1812()}


def out_folder(out: str | None) -> Path:
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


def study_of(arguments: Namespace) -> Study:
    """Return the study that the arguments describe.

    Raises
    ------
    CoverageError
        ``inputs_incomplete``, ``bounds_outside``, and whatever is wrong with definition, files or grid.
    """
    rule = definition(arguments.definition)  # before any file is read: a typing error should not cost a minute
    bounds = metre_bounds(arguments.bounds) if arguments.bounds else None
    study = Study(
        city_of(arguments),
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


def city_of(arguments: Namespace) -> City:
    """Return the city of the files that were named, the demo city where none was.

    Raises
    ------
    UsageError
        ``inputs_incomplete``.
    """
    given = {name.replace("-", "_"): getattr(arguments, name.replace("-", "_")) for name in FILES}
    if not any(given.values()) and arguments.edition == "auto":
        return demo_city()
    lacking = [f"--{name}" for name in ("wards", "cells") if not given[name]]
    if lacking:
        raise UsageError("inputs_incomplete", lacking=", ".join(lacking))
    return read_city(**given, edition=arguments.edition)


def sites_of(path: str | None, voice: Voice) -> tuple[gpd.GeoDataFrame | None, dict[str, str] | None]:
    """Return the places where sites could be built, and what file they were read from; None without a file."""
    if path is None:
        return None, None
    layer = read_sites(path)
    voice.problems(layer.problems)
    return layer.frame, {"name": layer.source.name, "sha256": layer.source.sha256}


def asked_files(arguments: Namespace) -> dict[str, dict[str, str]]:
    """Return name and SHA-256 of the files that show a result rather than make it, for the manifest."""
    named = {name: getattr(arguments, name, None) for name in ("hamlets", "show_wards")}
    return {
        name: {"name": Path(path).name, "sha256": hashlib.sha256(Path(path).read_bytes()).hexdigest()}
        for name, path in named.items()
        if path
    }
