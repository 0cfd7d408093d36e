import math

import numpy as np
import pytest

from coverage.changes import Change
from coverage.planning.proposals import candidates
from coverage.planning.reach import modes_of, reach
from coverage.scenarios import Scenario
from coverage.study import Study
from tests import builders as make

LAND = make.wards((-3, -3, 0, 3), (0, -3, 4, 3))
NETWORK = make.cells(
    make.cell(azimuth_deg=0.0, cell_id="s1-1"),
    make.cell(azimuth_deg=120.0, cell_id="s1-2"),
    make.cell(site_id="s2", cell_id="s2-1", x_km=1.5, y_km=0.5, operator="VNPT", band="n77", frequency_mhz=3750.0),
    make.cell(site_id="s3", cell_id="s3-1", x_km=0.4, y_km=0.2, azimuth_deg=90.0),
)


def moved(site_id, cell_id, azimuth_deg, name="a", **values):
    """Return a change that turns one standing cell."""
    at = NETWORK.frame[NETWORK.frame["cell_id"] == cell_id]
    return Change(
        id=f"retune:{cell_id}:{name}", kind="retune", site_id=site_id, operator=str(at["operator"].iloc[0]),
        cells=at.assign(azimuth_deg=azimuth_deg).reset_index(drop=True), cost_vnd=1e6, removes=(cell_id,), **values,
    )  # fmt: skip


def retired(site_id, operator="Viettel", removes=()):
    return Change(
        id=f"retire:{site_id}:{'-'.join(removes)}", kind="retire", site_id=site_id, operator=operator,
        cells=NETWORK.frame.iloc[:0], cost_vnd=0.0, removes=removes,
    )  # fmt: skip


@pytest.fixture(scope="module")
def study():
    return Study(make.city(LAND, NETWORK), pixel_m=100)


@pytest.fixture(scope="module")
def today(study):
    return study.run()


def reached(ground, rows):
    mask = ground.start.copy()
    for row in ground.modes.completed(rows):
        mask[ground.sets.indices[ground.sets.indptr[row] : ground.sets.indptr[row + 1]]] = True
    return mask


def measured(study, changes, network=None):
    signal = study.under(Scenario(name="x", changes=tuple(changes))).run().signal
    if network is None:
        return (signal.union >= np.float32(0.9)).ravel()
    return (signal.probability[signal.operators.index(network)] >= np.float32(0.9)).ravel()


def test_sets_are_what_each_change_covers_alone(study, today):
    proposed = candidates(study, lattice_m=2000.0)[:5]
    sets = reach(study, proposed, today=today).sets
    for row, change in enumerate(proposed):
        alone = Study(make.city(LAND, make.cells()), pixel_m=100)
        assert np.array_equal(
            sets.indices[sets.indptr[row] : sets.indptr[row + 1]], np.flatnonzero(measured(alone, [change]))
        )


def test_every_choice_of_modes_covers_what_a_re_run_covers(study, today):
    changes = [
        moved("s1", "s1-1", 240.0, "a"), moved("s1", "s1-1", 60.0, "b"), moved("s3", "s3-1", 270.0),
        retired("s1"), retired("s2", "VNPT"), *candidates(study, lattice_m=2000.0)[:3],
    ]  # fmt: skip
    ground = reach(study, changes, today=today)
    for rows in ([], [0], [1], [2], [3], [4], [0, 2, 4], [3, 2], [1, 5, 6], [4, 7, 0]):
        assert np.array_equal(reached(ground, rows), measured(study, [changes[row] for row in rows])), rows
    assert not ground.start.any(), "every cell of this network may go"


def test_operators_are_counted_by_themselves(study, today):
    changes = [retired("s3"), *candidates(study, lattice_m=2000.0)[:2]]
    ground = reach(study, changes, today=today, networks=("VNPT", "Viettel"))
    pixels = study.grid.rows * study.grid.cols
    for rows in ([], [0], [1, 2]):
        mask = reached(ground, rows)
        for k, name in enumerate(("VNPT", "Viettel")):
            assert np.array_equal(
                mask[k * pixels : (k + 1) * pixels], measured(study, [changes[r] for r in rows], name)
            )


def test_changes_that_take_a_cell_in_common_are_modes_of_one_site():
    changes = [moved("s1", "s1-1", 10.0), retired("s1"), moved("s1", "s1-2", 10.0), moved("s3", "s3-1", 10.0)]
    modes = modes_of(changes, NETWORK.frame)
    assert modes.group[:3].tolist() == [modes.group[0]] * 3
    assert modes.group[3] != modes.group[0]
    assert [sorted(rows.tolist()) for rows in modes.exclusive] == [[0, 1, 2, 4], [3, 5]]
    assert [kept.tolist() for kept in modes.kept[:4]] == [[1], [], [0], []]
    assert modes.kept[4].tolist() == [0, 1]
    assert modes.completed([0]) == (0, 5)
    assert modes.completed([]) == (4, 5)


def test_without_changes_nothing_is_asked(study, today):
    ground = reach(study, [], today=today)
    assert ground.sets.shape == (0, study.grid.rows * study.grid.cols)
    assert np.array_equal(ground.start, measured(study, []))


def test_a_cell_without_azimuth_may_be_turned():
    whole = make.cells(make.cell(azimuth_deg=math.nan))
    study = Study(make.city(LAND, whole), pixel_m=100)
    turned = whole.frame.assign(azimuth_deg=90.0)
    change = Change(
        id="r", kind="retune", site_id="s1", operator="Viettel", cells=turned, cost_vnd=1.0, removes=("s1-1",)
    )
    ground = reach(study, [change], today=study.run())
    assert np.array_equal(reached(ground, [0]), measured(study, [change]))
