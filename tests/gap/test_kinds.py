"""Kinds of wards are stable, named from the middle of their group, and told in words."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from coverage.gap.kinds import kind_name, ward_kinds
from coverage.words import LANGUAGES, t


def city(seed: int = 0, each: int = 12) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    middles = [(5000.0, 0.95, 0.9), (3000.0, 0.95, 0.1), (150.0, 0.5, 0.05)]
    rows = [
        (1000 * density * np.exp(rng.normal(0, 0.1)), 1000.0, fixed + rng.normal(0, 0.02), nr + rng.normal(0, 0.02))
        for density, fixed, nr in middles
        for _ in range(each)
    ]
    frame = pd.DataFrame(rows, columns=["households", "area_km2", "fixed", "nr"])
    return frame.set_index(pd.Index([f"w{i}" for i in range(len(frame))], name="ward_id"))


def test_planted_kinds_are_found_and_named() -> None:
    kinds = ward_kinds(city())["kind"]
    assert kinds.iloc[:12].unique().tolist() == ["dense_fixed_nr"]
    assert kinds.iloc[12:24].unique().tolist() == ["dense_fixed_nonr"]
    assert kinds.iloc[24:].unique().tolist() == ["sparse_nofixed_nonr"]


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_a_seed_gives_the_same_kinds_whatever_the_order(seed: int) -> None:
    frame = city()
    kinds = ward_kinds(frame, seed)["kind"]
    assert kinds.equals(ward_kinds(frame, seed)["kind"])
    assert kinds.to_dict() == ward_kinds(frame[::-1], seed)["kind"].to_dict()


def test_unknown_wards_have_no_kind_and_few_wards_do_no_harm() -> None:
    frame = city()
    frame.loc["w0", "fixed"] = np.nan
    frame.loc["w1", "households"] = 0.0
    kinds = ward_kinds(frame)
    assert kinds.loc[["w0", "w1"], "kind"].isna().all()
    assert kinds["kind"].notna().sum() == len(frame) - 2
    assert ward_kinds(frame.iloc[2:4])["kind"].notna().all()
    assert ward_kinds(frame.iloc[:0]).empty
    same = pd.concat([frame.iloc[[5]]] * 4).set_index(pd.Index(list("abcd")))
    assert len(set(ward_kinds(same)["kind"])) == 1


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_kind_has_words(lang: str) -> None:
    texts = {
        t(f"gap.kind_{kind_name(density, fixed, nr, 0.8, 0.5)}", lang)  # type: ignore[arg-type]
        for density, fixed, nr in itertools.product((10, 5000), (0.1, 0.95), (0.1, 0.95))
    }
    assert len(texts) == 8
