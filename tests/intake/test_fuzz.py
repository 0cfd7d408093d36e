"""Any table at all is answered: a submission with its grade, or one sentence."""

import json
import sys
from io import BytesIO

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coverage.catalog.registers import data_dir
from coverage.errors import LayerError
from coverage.files import legacy
from coverage.files.layers import read_wards
from coverage.intake.checking import Against, check_cells, check_subscriptions
from coverage.intake.columns import guesses
from coverage.intake.documents import report_of
from coverage.intake.positions import degrees_of
from coverage.intake.workbooks import marked_workbook
from coverage.words import LANGUAGES, render
from tests.files.test_fuzz import WORDS
from tests.intake.test_checking import cell, line, raw_of
from tests.payloads import PAYLOADS

MANY = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
MORE = "540000|1775000|108°12'5\"E|16°03'N|2025-05-01|1-May|n78|Hòa Liên|VNPT|=1+1|1e999|-0|٣|Tr¹m|Haûi"
WILD = st.one_of(st.sampled_from([*WORDS.split("|"), *MORE.split("|"), *PAYLOADS]), st.text(max_size=8))
tried = {"tables": 0, "texts": 0}


@pytest.fixture(scope="module")
def wards():
    return read_wards(data_dir() / "demo" / "wards.geojson")


@pytest.fixture(scope="module", autouse=True)
def counted(request):
    """Print how many inputs were tried."""
    yield
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        sys.stdout.write(f"[inputs tried: {tried}]")


def answered(check):
    """Return what is said of a table; every problem has its sentences, every report is JSON."""
    tried["tables"] += 1
    try:
        checked = check()
    except LayerError as error:
        said = [render(error, lang) for lang in LANGUAGES]
        checked = None
    else:
        said = ["read"]
    assert all(said)
    if checked is None:
        return
    report = json.dumps(report_of(checked), allow_nan=False)
    assert checked.accepted + checked.refused == checked.rows
    assert report
    openpyxl.load_workbook(BytesIO(marked_workbook(checked, "vi")))


def rows_of(good):
    """Return strategies of rows of which some values are wild, and some headers."""
    keys = sorted(good)
    return st.lists(
        st.fixed_dictionaries({key: st.one_of(st.just(good[key]), WILD) for key in keys}), min_size=1, max_size=6
    )


@MANY
@given(rows=rows_of(cell(3)), renamed=st.dictionaries(st.sampled_from(sorted(cell(3))), WILD, max_size=2))
def test_any_table_of_cells_is_answered(wards, rows, renamed):
    frame = pd.DataFrame(rows).rename(columns=renamed)
    frame = frame.loc[:, ~frame.columns.duplicated()]
    raw = raw_of(frame.to_dict("records"))
    answered(lambda: check_cells(raw, Against(wards=wards, partner="VNPT")))
    answered(lambda: check_cells(raw))


@MANY
@given(rows=rows_of(line("Hòa Liên", 3)))
def test_any_table_of_lines_is_answered(wards, rows):
    homes = pd.Series(1000.0, index=wards.frame.index)
    answered(lambda: check_subscriptions(raw_of(rows), Against(wards=wards, households=homes)))


@settings(max_examples=500, deadline=None)
@given(text=st.text(max_size=40), data=st.binary(max_size=60))
def test_any_text_is_an_angle_a_header_or_nothing(text, data):
    tried["texts"] += 2
    angle = degrees_of(text)
    assert angle is None or abs(angle) <= 180
    assert all(0.7 <= guess.confidence <= 1 for guess in guesses("cells", [text]))
    legacy.best_vietnamese(data)
    legacy.repaired_texts([text, data.decode("latin-1")])
