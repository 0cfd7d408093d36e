"""Which households are connected, by how many lines, and what operators write about their lines."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tools.simulated_homes.places import Places
from tools.simulated_homes.ranges import Range, Ranges

OPERATORS = ("A", "B", "C", "D")
SAFE = 0.98  # how close to the end of a stated range a ward may come

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


class Homes(NamedTuple):
    """What is true of each household, and the office lines at their places: arrays of n households.

    ``fixed`` and ``mobile`` tell whether it is on the internet by a fixed line or by mobile broadband at home,
    ``passed`` whether fibre passes it; ``lines`` counts its own fixed lines, ``offices`` those of businesses next door.
    """

    fixed: Bools
    mobile: Bools
    lines: Ints
    offices: Ints
    passed: Bools


def connect(places: Places, ranges: Ranges, rng: np.random.Generator) -> Homes:
    """Return who is connected and how."""
    count = len(places.points)
    wards = len(places.wards)
    share = _connected(places, ranges, rng)[places.ward]
    fixed = rng.random(count) < share
    sharing = fixed & (rng.random(count) < rng.uniform(*ranges.shared_line, wards)[places.ward])
    second = fixed & ~sharing & (rng.random(count) < rng.uniform(*ranges.second_line, wards)[places.ward])
    lines = (fixed & ~sharing).astype(np.int64) + second
    lines = _within(lines, fixed, places.ward, ranges.lines_per_household)
    mobile = ~fixed & (rng.random(count) < rng.uniform(*ranges.mobile_only, wards)[places.ward])
    mobile |= fixed & (rng.random(count) < 0.8)
    passed = (lines > 0) | (rng.random(count) < rng.uniform(*ranges.passed_beyond, wards)[places.ward])
    return Homes(fixed, mobile, lines, _offices(places, lines, ranges, rng), passed)


def _connected(places: Places, ranges: Ranges, rng: np.random.Generator) -> Floats:
    """Return the probability of a fixed connection in each ward."""
    wards = len(places.wards)
    homes = np.bincount(places.ward, minlength=wards)
    density = np.log(homes / places.wards["area_km2"].to_numpy())
    base = rng.uniform(*ranges.connected)
    odds = np.full(wards, np.log(base / (1 - base)))
    odds += rng.uniform(*ranges.income_slope) * ward_means(places, places.income)
    odds += rng.uniform(*ranges.density_slope) * (density - density.mean()) / density.std()
    odds += rng.uniform(*ranges.neighbourhood_sd) * ward_means(places, places.neighbourhood)
    odds += rng.uniform(*ranges.ward_sd) * rng.normal(size=wards)
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -1.0, 3.5))))


def ward_means(places: Places, pixels: Floats) -> Floats:
    """Return the mean over the households of each ward of a value per pixel."""
    homes = np.bincount(places.ward, minlength=len(places.wards))
    return np.asarray(np.bincount(places.ward, pixels[places.pixel], len(homes)) / homes)


def _within(lines: Ints, fixed: Bools, ward: Ints, allowed: Range) -> Ints:
    """Return the lines with households of the few wards beyond the stated range on exactly one line each."""
    homes = np.maximum(np.bincount(ward, fixed), 1)
    ratio = np.bincount(ward, lines) / homes
    low, high = allowed
    beyond = (ratio < low / SAFE) | (ratio > high * SAFE)
    return np.where(beyond[ward], fixed.astype(np.int64), lines)


def _offices(places: Places, lines: Ints, ranges: Ranges, rng: np.random.Generator) -> Ints:
    """Return office lines beside each household: few everywhere, many in the wards of the centre."""
    wards = len(places.wards)
    homes = np.bincount(places.ward, minlength=wards)
    residential = np.bincount(places.ward, lines, wards)
    rate = rng.uniform(*ranges.office_lines, wards)
    density = homes / places.wards["area_km2"].to_numpy()
    full = np.argsort(-density)[: max(1, round(rng.uniform(*ranges.centre_wards) * wards))]
    rate[full] = rng.uniform(*ranges.centre_office_lines, len(full))
    low = ranges.unlabelled[0] / SAFE
    most = residential * (1 - low) / low
    return np.asarray(rng.poisson((np.minimum(rate * homes, 0.9 * most) / homes)[places.ward]), dtype=np.int64)


def list_lines(places: Places, homes: Homes, ranges: Ranges, rng: np.random.Generator) -> pd.DataFrame:
    """Return one row per line: ``home`` (the household at its place), ``residential``, operator, customer as labelled.

    Labels are wrong now and then, within the stated ranges; one operator may give none.
    """
    of_homes = np.repeat(np.arange(len(homes.lines)), homes.lines)
    of_offices = np.repeat(np.arange(len(homes.offices)), homes.offices)
    home = np.concatenate([of_homes, of_offices])
    residential = np.arange(len(home)) < len(of_homes)
    ward = places.ward[home]
    wards = len(places.wards)
    wrong = np.where(residential, rng.uniform(0.0, 0.01, wards)[ward], rng.uniform(0.0, 0.4, wards)[ward])
    as_household = residential ^ (rng.random(len(home)) < wrong)
    as_household = _honest(as_household, residential, ward, ranges)
    operator = rng.choice(OPERATORS, len(home), p=(0.4, 0.3, 0.2, 0.1))
    customer = np.where(as_household, "household", "business").astype(object)
    if rng.random() < ranges.silent_operator:
        silent = operator == rng.choice(OPERATORS)
        customer[silent & _typical(silent, residential, ward, ranges)] = None
    return pd.DataFrame({"home": home, "residential": residential, "operator": operator, "customer": customer})


def _honest(as_household: Bools, residential: Bools, ward: Ints, ranges: Ranges) -> Bools:
    """Return labels that are right in the wards where the drawn ones leave the stated ranges."""
    labelled = np.maximum(np.bincount(ward, as_household), 1)
    homes = np.bincount(ward, as_household & residential) / labelled
    others = np.maximum(np.bincount(ward, ~as_household), 1)
    hidden = np.bincount(ward, ~as_household & residential) / others
    beyond = (homes < ranges.household_label[0] / SAFE) | (hidden > ranges.business_label[1] * SAFE)
    return np.where(beyond[ward], residential, as_household)


def _typical(chosen: Bools, residential: Bools, ward: Ints, ranges: Ranges) -> Bools:
    """Return which lines stand in wards where the chosen ones keep to the stated share of homes."""
    share = np.bincount(ward, chosen & residential) / np.maximum(np.bincount(ward, chosen), 1)
    return np.asarray(share >= ranges.unlabelled[0])[ward]
