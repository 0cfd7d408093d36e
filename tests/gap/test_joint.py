"""Fréchet's bounds hold the truth of every joint distribution, and every bound is reached by one."""

from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage.gap import joint
from coverage.gap.joint import GAP, GROUPS, joint_shares, known_shares


def truth(line: np.ndarray, nr: np.ndarray, mobile: np.ndarray) -> dict[str, float]:
    return {
        "both": float((line & nr).mean()),
        "one": float((line ^ nr).mean()),
        "only_4g": float((~line & ~nr & mobile).mean()),
        "neither": float((~line & ~mobile).mean()),
        "gap": float((~line & ~nr).mean()),
    }


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.floats(0, 0.3), st.floats(0, 0.3))
def test_the_bounds_hold_the_truth_of_any_joint_distribution(seed: int, n: int, below: float, above: float) -> None:
    rng = np.random.default_rng(seed)
    # Eight kinds of households in any mixture: every joint distribution of three yes-or-no questions.
    mixture = rng.dirichlet(rng.choice([0.05, 1.0, 20.0], 8))
    kind = rng.choice(8, n, p=mixture)
    line, nr = (kind & 1) > 0, (kind & 2) > 0
    mobile = nr | ((kind & 4) > 0)
    f = float(line.mean())
    low, high = max(f - below, 0.0), min(f + above, 1.0)
    row = joint_shares(known_shares([np.nan], [low], [high], [nr.mean()], [mobile.mean()])).iloc[0]
    for name, share in truth(line, nr, mobile).items():
        assert row[f"{name}_low"] - 1e-12 <= share <= row[f"{name}_high"] + 1e-12, name
        assert 0 <= row[f"{name}_low"] <= row[f"{name}_high"] + 1e-12 <= 1 + 2e-12


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
def test_every_bound_is_reached_by_some_city(lines: int, nr: int, more: int) -> None:
    mobile = min(nr + more, 20)
    row = joint_shares(known_shares([lines / 20], [lines / 20], [lines / 20], [nr / 20], [mobile / 20])).iloc[0]
    place = np.arange(20)
    found: dict[str, list[float]] = {name: [] for name in (*GROUPS, GAP)}
    for start in range(20):  # lines in a row that begins anywhere: enough to reach both ends of each group
        line = ((place - start) % 20) < lines
        for name, share in truth(line, place < nr, place < mobile).items():
            found[name].append(share)
    for name, shares in found.items():
        assert min(shares) == pytest.approx(row[f"{name}_low"], abs=1e-12), name
        assert max(shares) == pytest.approx(row[f"{name}_high"], abs=1e-12), name


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_the_groups_of_the_estimate_are_everybody(f: float, g: float, m: float) -> None:
    row = joint_shares(known_shares([f], [f], [f], [g], [m])).iloc[0]
    assert sum(row[name] for name in GROUPS) == pytest.approx(1.0)
    assert row["gap"] == pytest.approx(row["only_4g"] + row["neither"])
    for name in (*GROUPS, GAP):
        assert row[f"{name}_low"] - 1e-9 <= row[name] <= row[f"{name}_high"] + 1e-9


def test_unknown_is_unknown() -> None:
    table = joint_shares(
        known_shares([np.nan, 0.5, 0.5], [np.nan, 0.5, 0.5], [np.nan, 0.5, 0.5], [0.5, np.nan, 0.5], [1.0, 1.0, np.nan])
    )
    assert table.iloc[:2].isna().all(axis=None)
    assert table.loc[2, ["both", "one", "gap", "gap_low", "gap_high"]].notna().all()
    assert table.loc[2, ["only_4g", "neither_low", "neither_high"]].isna().all()
    ranged = joint_shares(known_shares([np.nan], [0.4], [0.6], [0.5])).iloc[0]
    assert np.isnan(ranged["gap"])
    assert (ranged["gap_low"], ranged["gap_high"]) == (0.0, 0.5)


def test_its_examples() -> None:
    assert doctest.testmod(joint).failed == 0
