"""Accounts and files for the tests of the store."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from coverage.cells import complete_cells
from coverage.errors import Problem
from coverage.layers import Layer, Source
from coverage.store.accounts import Account, add_account
from coverage.store.engine import Store
from coverage.store.principal import SYSTEM, Role
from coverage.store.submissions import Upload
from coverage.types import WORKING_CRS

PASSWORD = "mật khẩu thử nghiệm"


def account(store: Store, name: str, role: Role = "partner", partner: str | None = None) -> Account:
    with store.writing(SYSTEM) as access:
        return add_account(access, name, role, PASSWORD, partner or (name if role == "partner" else None))


def layer(sites: int = 2, seed: int = 0, operator: str = "Viettel") -> Layer:
    """Some sites of three cells at random places (synthetic), one of whose fields is unknown."""
    places = np.random.default_rng(seed).uniform(0.0, 10_000.0, (sites, 2)).repeat(3, axis=0)
    rows = pd.DataFrame(
        {
            "site_id": np.repeat([f"S{seed}-{n}" for n in range(sites)], 3),
            "operator": operator,
            "technology": "NR",
            "azimuth_deg": [0.0, 120.0, np.nan] * sites,
        }
    )
    frame, defaulted, problems = complete_cells(rows)
    cells = gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(*places.T), crs=WORKING_CRS)
    told = Problem(code="value_defaulted", severity="warning", row=2, field="height_m", values={"file": "tram.csv"})
    return Layer(
        kind="cells",
        frame=cells,
        source=Source(name="tram.csv", sha256="0" * 64, synthetic=True, rows=len(cells)),
        problems=(*problems, told),
        defaulted=defaulted,
    )


def upload(sites: int = 2, seed: int = 0, operator: str = "Viettel") -> Upload:
    return Upload(
        file_name="trạm tháng 1.csv",
        content=f"synthetic {seed}".encode(),
        layer=layer(sites, seed, operator),
        mapping={"site_id": "Mã trạm"},
        summary={"grade": "B"},
    )
