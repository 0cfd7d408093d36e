"""The peer SPLAT! (Debian package ``splat``): its ITM over the same synthetic ground, by processor time."""

from __future__ import annotations

import math
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.engine.ground import METRES_PER_DEGREE, SIDE, SITES, write_hgt
from bench.engine.harness import children_cpu_seconds

PROGRAMS = ("splat-hd", "srtm2sdf-hd")
NOTHING_KM = 0.5  # what loading the tile and writing the picture cost, and next to no pixel
COVERAGE = ("splat-hd", "-t", "site", "-L", "1.5", "-d", ".", "-metric", "-erp", "0", "-N", "-olditm", "-o", "map.ppm")
ITM = "15.0\n0.005\n350.0\n3500.0\n3\n1\n0.5\n0.5\n100\n"  # ε, σ, N0, MHz, climate, vertical, location, time, ERP [W]


class Splat:
    """SPLAT! set up in a folder of its own for the site of a bench; close it to remove the folder."""

    def __init__(self, site: str) -> None:
        self._folder = TemporaryDirectory(prefix="phusong-splat-")
        self.folder = Path(self._folder.name)
        latitude, longitude = SITES[site]
        subprocess.run(["srtm2sdf-hd", write_hgt(self.folder).name], cwd=self.folder, check=True, capture_output=True)
        (self.folder / "site.qth").write_text(f"site\n{latitude}\n{360 - longitude}\n30 meters\n", "ascii")
        (self.folder / "site.lrp").write_text(ITM, "ascii")
        self.pixel_m2 = (METRES_PER_DEGREE / (SIDE - 1)) ** 2 * math.cos(math.radians(latitude))

    @staticmethod
    def missing() -> bool:
        """Tell whether the programs are absent."""
        return not all(map(shutil.which, PROGRAMS))

    def cpu_seconds(self, reach_km: float) -> float:
        """Return the processor time of the median ITM loss of every pixel within a reach, with loading and picture."""
        return children_cpu_seconds([*COVERAGE, "-R", str(reach_km)], self.folder)

    def points(self, reach_km: float) -> float:
        """Return the pixels that a reach adds to `NOTHING_KM`."""
        return math.pi * (reach_km**2 - NOTHING_KM**2) * 1e6 / self.pixel_m2

    def close(self) -> None:
        """Remove the folder."""
        self._folder.cleanup()
