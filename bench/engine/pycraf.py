"""The peer pycraf (P.452, Cython) in an environment of its own under `.tools/`, never in the project's."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.engine.ground import SITES, write_hgt
from bench.engine.harness import ROOT

HOME = ROOT / ".tools" / "pycraf"
RELEASE = "pycraf==2.1.0"
# What runs there: the map of a site over the same tile, profiles read beforehand; prints pixels and median seconds.
JOB = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np
from astropy import units as u
from pycraf import pathprof
folder, latitude, longitude, reach_km, repeats = sys.argv[1], *map(float, sys.argv[2:5]), int(sys.argv[5])
side = 2 * reach_km / 111.195 * u.deg
with pathprof.SrtmConf.set(srtm_dir=folder, download="never"):
    profiles = pathprof.height_map_data(
        longitude * u.deg, latitude * u.deg, side / np.cos(np.radians(latitude)), side, map_resolution=u.deg / 3600
    )
taken = []
for _ in range(repeats):
    start = time.process_time()
    pathprof.atten_map_fast(3.5 * u.GHz, 290 * u.K, 1013 * u.hPa, 30 * u.m, 1.5 * u.m, 50 * u.percent, profiles)
    taken.append(time.process_time() - start)
print(json.dumps([int(profiles["dist_map"].size), sorted(taken)[len(taken) // 2]]))
"""


def _python() -> Path:
    return HOME / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def install() -> None:
    """Make the environment unless it is there; takes a minute and the package index."""
    if _python().exists() and subprocess.run([str(_python()), "-c", "import pycraf"], check=False).returncode == 0:
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(HOME)], check=True)
    subprocess.run([str(_python()), "-m", "pip", "install", "--quiet", "--quiet", RELEASE], check=True)


def rate(site: str, reach_km: float, repeats: int) -> float:
    """Return the pixels per second of processor time of P.452 over the square around a site."""
    with TemporaryDirectory(prefix="phusong-pycraf-") as folder:
        write_hgt(Path(folder))
        where = [folder, *map(str, SITES[site]), str(reach_km), str(repeats)]
        call = [str(_python()), "-c", JOB, *where]
        told = subprocess.run(call, capture_output=True, text=True, check=True).stdout
    pixels, seconds = json.loads(told.splitlines()[-1])
    return float(pixels / seconds)
