"""A named set of changes, and the city after them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from coverage.changes import Change
from coverage.city import City
from coverage.errors import LayerError, PlanError
from coverage.households import is_fixed, latest_period
from coverage.layers import Layer
from coverage.scenariotexts import scenario_of, scenario_text
from coverage.types import WORKING_CRS
from coverage.writing import write_text


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A named set of changes; later ones see what earlier ones did."""

    name: str
    changes: tuple[Change, ...] = ()

    @classmethod
    def load(cls, path: str | Path, city: City) -> Scenario:
        """Return the scenario of a TOML file that `save` wrote, or a hand.

        Parameters
        ----------
        path : str or Path
        city : City
            The city it is made for: its coordinate system and measured antennas count.

        Raises
        ------
        LayerError
            ``scenario_unreadable`` and what `coverage.scenariotexts.scenario_of` raises, each naming file and entry.
        """
        file = Path(path)
        try:
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise LayerError("scenario_unreadable", file=file.name, reason=str(error)) from None
        return cls.parse(text, city, file=file.name)

    @classmethod
    def parse(cls, text: str, city: City, *, file: str = "scenario.toml") -> Scenario:
        """Return the scenario of a text, as `load` does of a file."""
        name, changes = scenario_of(text, file, city)
        return cls(name=name, changes=changes)

    def text(self) -> str:
        """Return the scenario as TOML."""
        crs = next((str(change.cells.crs) for change in self.changes if len(change.cells)), WORKING_CRS)
        return scenario_text(self.name, self.changes, crs)

    def save(self, path: str | Path) -> Path:
        """Write the scenario as a TOML file that people can read and edit, and that `load` reads back exactly.

        Raises
        ------
        StoreError
            ``cannot_write``.
        """
        return write_text(path, self.text())

    def renamed(self, name: str) -> Scenario:
        """Return the same changes under another name."""
        return dataclasses.replace(self, name=name)

    def applied_to(self, cells: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Return the cells after every change, with a fresh index.

        Raises
        ------
        PlanError
            ``change_cells_missing`` for a change that takes cells away which do not stand.
        """
        for change in self.changes:
            if change.takes_away:
                gone = change.takes(cells)
                found = set(cells.loc[gone, "cell_id"])
                if not gone.any() or not found.issuperset(change.removes):
                    lacking = ", ".join(name for name in change.removes if name not in found) or "*"
                    raise PlanError("change_cells_missing", change=change.id, site_id=change.site_id, cells=lacking)
                cells = cells[~gone]
            if len(change.cells):
                cells = gpd.GeoDataFrame(pd.concat([cells, change.cells], ignore_index=True), crs=cells.crs)
        return cells.reset_index(drop=True)

    def connected(self, subscriptions: Layer) -> Layer:
        """Return the subscriptions with a line for every household that the changes connect.

        The lines count in the latest period of the layer. Where nobody knows the lines of a ward, they stay unknown:
        a few more of an unknown number are an unknown number.
        """
        frame = subscriptions.frame
        fixed = frame[is_fixed(frame)]
        period = latest_period(fixed)
        known = set(fixed["ward_id"] if period is None else fixed.loc[fixed["period"] == period, "ward_id"])
        rows = [
            {
                "ward_id": change.ward_id,
                "operator": change.operator,
                "technology": change.medium,
                "customer": "household",
                "lines": change.households,
                "period": period,
                "status": "planned",  # households to be connected, not lines that somebody counted
            }
            for change in self.changes
            if change.kind == "connect" and change.ward_id in known
        ]
        if not rows:
            return subscriptions
        if "status" not in frame:
            frame = frame.assign(status="measured")
        more = pd.DataFrame(rows).reindex(columns=frame.columns)
        more = more.astype({name: kind for name, kind in frame.dtypes.items() if name != "lines"})
        return subscriptions.with_frame(pd.concat([frame, more], ignore_index=True))

    def city(self, city: City) -> City:
        """Return a city after every change; raises as `applied_to`."""
        lines = city.subscriptions
        return dataclasses.replace(
            city,
            cells=city.cells.with_frame(self.applied_to(city.cells.frame)),
            subscriptions=None if lines is None else self.connected(lines),
        )
