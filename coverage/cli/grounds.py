"""What a partner's file is held against on the command line: wards, households and the coast that arguments name."""

from __future__ import annotations

from argparse import Namespace

from coverage.errors import LayerError
from coverage.files.coasts import read_coast
from coverage.files.layers import read_wards
from coverage.files.people import read_people
from coverage.grid import Raster
from coverage.intake.handing import Ground
from coverage.layers import Layer

AROUND_M = 20_000.0  # of sea that counts around the wards


def ground_from(arguments: Namespace) -> Ground:
    """Return what the arguments name of a city: wards, households, coast."""
    wards = read_wards(arguments.wards) if arguments.wards else None
    needs_wards = getattr(arguments, "households", None) or getattr(arguments, "coast", None)
    if wards is None:
        if needs_wards:
            raise LayerError("wards_needed")
        return Ground()
    people = read_people(arguments.households, wards) if getattr(arguments, "households", None) else None
    sea = sea_from(arguments.coast, wards) if getattr(arguments, "coast", None) else None
    return Ground(wards=wards, households=None if people is None else people.frame["households"], sea=sea)


def sea_from(coast: str, wards: Layer) -> Raster:
    """Return sea and land around the wards of the mainland."""
    mainland = wards.frame[wards.frame["mainland"].to_numpy(bool)]
    west, south, east, north = mainland.total_bounds
    within = (west - AROUND_M, south - AROUND_M, east + AROUND_M, north + AROUND_M)
    return read_coast(coast, wards.frame, within)[0]
