"""The whole corpus through the confined reader: one answer each, nothing read outside, nobody called, nothing left."""

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from coverage.errors import LayerError
from coverage.files.sandbox import read_sent
from coverage.words import LANGUAGES, render
from tests.files.corpus import corpus
from tests.files.test_hostile import SECRET, listener, secret

__all__ = ["listener", "secret"]


def answer(case):
    """Return the code of a case, its text, and how long it took [s]."""
    _, file, data, _ = case
    start = time.monotonic()
    try:
        raw = read_sent(file, data)
    except LayerError as error:
        said = [render(error, lang) for lang in LANGUAGES]
        assert all(said)
        return error.code, " ".join(said), time.monotonic() - start
    return "read", raw.frame.to_string()[:1_000_000], time.monotonic() - start


@pytest.mark.slow
def test_the_corpus_is_answered_and_reaches_nothing(tmp_path, secret, listener, monkeypatch, capsys):
    temp = tmp_path / "temp"
    temp.mkdir()
    address, calls = listener
    cases = list(corpus(str(secret), address))
    assert len({name for name, *_ in cases}) == len(cases) >= 60
    monkeypatch.setattr(tempfile, "tempdir", str(temp))
    before = {path: path.stat().st_mtime_ns for path in Path(tmp_path).rglob("*") if path.is_file()}
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(answer, cases))
    wrong = [
        (case[0], case[3], code)
        for case, (code, _, _) in zip(cases, answers, strict=True)
        if not (code == case[3] or (case[3] == "refused" and code != "read"))
    ]
    with capsys.disabled():
        worst = max(seconds for *_, seconds in answers)
        sys.stdout.write(f"\n{len(cases)} files tried; longest answer {worst:.1f} s\n")
    assert wrong == []
    assert not [case[0] for case, (_, text, _) in zip(cases, answers, strict=True) if SECRET in text]
    assert calls == []
    assert list(temp.iterdir()) == []
    assert before == {path: path.stat().st_mtime_ns for path in Path(tmp_path).rglob("*") if path.is_file()}
