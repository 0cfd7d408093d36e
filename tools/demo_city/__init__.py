"""The embedded demo city: a deterministic generator of synthetic wards, terrain, people, cells and subscriptions.

Names, codes, areas and census counts of the wards are facts and come from ``data/registers``. Everything else (lines
on the map, mountains, land cover, where people live inside a ward, every site and every subscription) is made up by
this package from a few dozen hand-typed positions and fixed seeds, and is labelled synthetic wherever it is written.

``python -m tools.demo_city [--out data/demo]`` writes the files; the same version writes the same values.
"""

from __future__ import annotations

VERSION = "1.0"
SEED = 20230408
CRS = "EPSG:5899"  # VN-2000 / TM-3 107°45′: all geometry of the generator is in its metres
