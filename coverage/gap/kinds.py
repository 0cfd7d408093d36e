"""Kinds of wards: found by clustering, named by rules a planner can check on the middle of each group."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.preprocessing import StandardScaler

# What "urban" means here: an assumption, no source says from where on. "With" and "short of" mean above and below what
# the households of the city have on average, so that the names go on telling wards apart when everybody has more.
DENSE_FROM: Final = 1000.0  # households per km²
GROUPS = range(3, 7)  # two groups say town and country, which nobody needs a computer for
SEED = 0


def ward_kinds(wards: pd.DataFrame, seed: int = SEED) -> pd.DataFrame:
    """Return the kind of every ward: wards alike in density, fixed lines and 5G, under a name in words.

    Groups are found by k-means on standardised figures, as many as have the best silhouette; the name of a group comes
    from its middle alone, so that two groups of one name are one kind.

    Parameters
    ----------
    wards : DataFrame indexed by ward_id
        ``households``, ``area_km2``, ``fixed`` and ``nr`` (shares 0–1); a ward with a NaN has no kind.
    seed : int
        The same seed gives the same kinds.

    Returns
    -------
    DataFrame indexed by ward_id
        ``kind``: ``dense`` or ``sparse``, ``fixed`` or ``nofixed``, ``nr`` or ``nonr``, joined by ``_`` (its words are
        ``gap.kind_<kind>``), None where unknown; and the middle of its group: ``density``, ``fixed``, ``nr``.
        ``attrs["from"]`` has the levels ``fixed`` and ``nr`` that names refer to.
    """
    figures = pd.DataFrame(
        {
            "density": wards["households"] / wards["area_km2"],
            "fixed": wards["fixed"],
            "nr": wards["nr"],
        },
        dtype=float,
    )
    usable = figures.replace([np.inf, -np.inf], np.nan).notna().all(axis=1) & (figures["density"] > 0)
    known = figures[usable]
    table = pd.DataFrame(index=wards.index, columns=["density", "fixed", "nr"], dtype=float).assign(kind=None)
    if known.empty:
        table.attrs["from"] = {"fixed": float("nan"), "nr": float("nan")}
        return table
    weights = wards.loc[known.index, "households"].to_numpy(dtype=float)
    levels = {name: float(np.average(known[name], weights=weights)) for name in ("fixed", "nr")}
    table.attrs["from"] = levels
    labels = pd.Series(_groups(known, seed), index=known.index)
    middles = known.groupby(labels).median()
    for column in middles:
        table.loc[known.index, column] = labels.map(middles[column])
    rows = middles.to_dict("index")
    names = {
        label: kind_name(row["density"], row["fixed"], row["nr"], levels["fixed"], levels["nr"])
        for label, row in rows.items()
    }
    table.loc[known.index, "kind"] = labels.map(names)
    return table


def kind_name(density: float, fixed: float, nr: float, fixed_from: float, nr_from: float) -> str:
    """Return the name of a kind from the middle of its group and the levels of the city.

    >>> kind_name(4000, 0.9, 0.1, fixed_from=0.8, nr_from=0.5)
    'dense_fixed_nonr'
    """
    parts = (
        "dense" if density >= DENSE_FROM else "sparse",
        "fixed" if fixed >= fixed_from else "nofixed",
        "nr" if nr >= nr_from else "nonr",
    )
    return "_".join(parts)


def _groups(known: pd.DataFrame, seed: int) -> list[int]:
    """Return the group of each ward."""
    # Density spans four powers of ten: its logarithm, or the old town alone would make the groups.
    points = StandardScaler().fit_transform(known.assign(density=np.log10(known["density"])).to_numpy())
    distinct = len(np.unique(points.round(9), axis=0))
    best, found = -1.0, [0] * len(points)
    for count in GROUPS:
        if count >= distinct:
            break
        labels = KMeans(n_clusters=count, n_init=10, random_state=seed).fit_predict(points)
        score = float(silhouette_score(points, labels))
        if score > best + 1e-9:
            best, found = score, [int(label) for label in labels]
    return found
