"""Writing: a file is there whole or not at all, and no text in it is a formula."""

import csv
import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage.errors import StoreError
from coverage.words import LANGUAGES, render
from coverage.writing import csv_text, guarded, replace_with, write_bytes, write_csv, write_text

KILLED = """
import os, signal, sys, time
from pathlib import Path
from coverage.writing import replace_with
def write(draft):
    with draft.open("wb") as out:
        out.write(b"new" * 100_000)
        out.flush()
        os.kill(os.getpid(), signal.SIGKILL)
replace_with(Path(sys.argv[1]), write)
"""


def test_texts_and_bytes_come_back(tmp_path):
    path = write_text(tmp_path / "sâu" / "hơn" / "tệp.txt", "Đà Nẵng\r\nHải Châu\n")
    assert path.read_bytes() == "Đà Nẵng\r\nHải Châu\n".encode()
    assert write_bytes(path, b"\x00\xff").read_bytes() == b"\x00\xff"
    assert list(path.parent.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file_and_no_trace(tmp_path):
    path = write_text(tmp_path / "a.txt", "old")

    def broken(draft):
        draft.write_text("half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        replace_with(path, broken)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_a_kill_in_the_middle_leaves_the_old_file(tmp_path):
    path = write_text(tmp_path / "a.txt", "old")
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run([sys.executable, "-c", KILLED, str(path)], cwd=root, check=False)
    assert done.returncode == -signal.SIGKILL
    assert path.read_text() == "old"


def test_a_place_that_cannot_be_written_is_said_plainly(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError) as caught:
        write_text(tmp_path / "file" / "a.txt", "x")
    assert caught.value.code == "cannot_write"
    for lang in LANGUAGES:
        assert "a.txt" in render(caught.value, lang)


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("http://x")']
)
def test_no_text_is_a_formula(text):
    (row,) = list(csv.reader(io.StringIO(csv_text(pd.DataFrame({"a": [text]})))))[1:]
    assert row == [f"'{text}".replace("\r", "\n")]
    header = next(csv.reader(io.StringIO(csv_text(pd.DataFrame({text: [1]})))))
    assert header == [f"'{text}".replace("\r", "\n")]


def test_numbers_stay_numbers_and_unknown_stays_empty():
    frame = pd.DataFrame({"a": [-33.5, np.nan], "b": [-1, 2], "c": ["-33.5", None], "d": [True, False]})
    assert csv_text(frame) == "a,b,c,d\n-33.5,-1,-33.5,True\n,2,,False\n"


@given(st.text())
def test_a_guarded_text_is_the_text_or_one_apostrophe_more(text):
    safe = guarded(text)
    assert safe in (text, f"'{text}")
    assert not safe.startswith(("=", "@", "\t", "\r"))
    if safe.startswith(("+", "-")):
        assert safe[1:].replace(".", "").replace(",", "").isdecimal()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_written_to_the_bit(value):
    text = csv_text(pd.DataFrame({"a": [value]}))
    assert float(text.split("\n")[1]) == value


def test_the_index_is_written_when_asked(tmp_path):
    frame = pd.DataFrame({"lines": [5]}, index=pd.Index(["20194"], name="ward_id"))
    assert write_csv(tmp_path / "a.csv", frame, index=True).read_text() == "ward_id,lines\n20194,5\n"
