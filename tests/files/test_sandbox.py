"""The process that reads what others send: what it may not do, and that nothing stays behind."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import coverage
from coverage.errors import LayerError
from coverage.files import sandbox
from coverage.files.sandbox import read_sent, read_upload
from coverage.files.tables import read_table
from coverage.words import LANGUAGES, render
from tests.files import samples

ROOT = str(Path(coverage.__file__).parents[1])
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Landlock and seccomp are Linux's")

PROBE = """
import sys
sys.path.append(sys.argv[1])
from pathlib import Path
from coverage.files.confined import confine, limit_resources, measures
limit_resources()
import ctypes, os, socket, subprocess
folder, secret = Path(sys.argv[2]), Path(sys.argv[3])
libc = ctypes.CDLL(None, use_errno=True)
confine(folder, [Path(sys.prefix), Path(sys.base_prefix)])
(folder / "mine").write_text("x")
print(*measures())
def tried(name, call):
    try:
        call()
    except (OSError, MemoryError) as error:
        print(name, type(error).__name__)
    else:
        print(name, "DONE")
tried("read", secret.read_text)
tried("write", lambda: (secret.parent / "new").write_text("x"))
tried("passwd", Path("/etc/passwd").read_text)
tried("socket", lambda: socket.create_connection(("127.0.0.1", 9)))
tried("program", lambda: subprocess.run(["/bin/true"]))
tried("memory", lambda: bytearray(8 << 30))
print("call", libc.socket(2, 1, 0), libc.execv(b"/bin/true", 0))
"""


@LINUX
def test_a_confined_process_reaches_nothing(tmp_path):
    folder, secret = tmp_path / "own", tmp_path / "secret.csv"
    folder.mkdir()
    secret.write_text("secret")
    command = [sys.executable, "-I", "-c", PROBE, ROOT, str(folder), str(secret)]
    out = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()
    measures = set(out[0].split())
    assert {"limits", "audit"} <= measures
    if not {"landlock", "seccomp"} <= measures:
        pytest.skip(f"this kernel offers only {measures}")
    assert [line.split()[1] for line in out[1:6]] == ["PermissionError"] * 5
    assert out[6] == "memory MemoryError"
    assert out[7] == "call -1 -1"
    assert (folder / "mine").is_file()


def left_behind():
    return sorted(path.name for path in Path(tempfile.gettempdir()).glob("phusong-*"))


def seeds(folder):
    """Write the sample table in every format; return the paths."""
    (folder / "c.csv").write_text(samples.csv_text(), "utf-8")
    samples.write_xlsx(folder / "c.xlsx")
    samples.write_geojson(folder / "c.geojson")
    samples.points(crs="EPSG:5899").to_file(folder / "c.gpkg")
    samples.write_shapefile_zip(folder / "c.zip", folder)
    (folder / "c.kml").write_text(samples.kml_text(), "utf-8")
    samples.write_zip(folder / "c.kmz", {"doc.kml": samples.kml_text().encode()})
    samples.points().to_parquet(folder / "c.parquet")
    return sorted(folder.glob("c.*"))


def test_the_child_reads_what_the_direct_way_reads(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temp"))
    (tmp_path / "temp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", None)
    for path in seeds(tmp_path):
        sent, direct = read_upload(path), read_table(path)
        assert sent.frame.equals(direct.frame.astype(object)), path.name
        assert list(sent.rows) == list(direct.rows)
        assert sent.source == direct.source
        assert sent.problems == direct.problems
        if direct.geometry is not None:
            assert sent.geometry.crs == direct.geometry.crs
            assert sent.geometry.geom_equals_exact(direct.geometry, 0).all()
    assert list((tmp_path / "temp").iterdir()) == []


def test_refusals_name_the_file_that_was_sent():
    for name, data, code in [
        ("trạm <b>.csv", bytes(range(256)) * 20, "not_text"),
        ("trạm.xlsx", b"PK\x03\x04" + b"\x00" * 100, "bad_archive"),
        ("a/b\\c.csv", b"", "file_empty"),
        ("x.vrt", b"<OGRVRTDataSource/>", "wrong_extension"),
        ("x.csv", b"longitude,latitude\n" + b"1,2\n" * 20, "too_many_rows"),
    ]:
        with pytest.raises(LayerError) as caught:
            read_sent(name, data, max_rows=10)
        assert caught.value.code == code
        for lang in LANGUAGES:
            assert Path(name.replace("\\", "/")).name in render(caught.value, lang)


def test_a_child_that_does_not_end_is_ended(monkeypatch):
    monkeypatch.setattr(sandbox, "WALL_S", 0.5)
    monkeypatch.setattr(sandbox, "_START", "import time; time.sleep(60)")
    with pytest.raises(LayerError, match="upload_too_slow"):
        read_sent("x.csv", b"a,b\n1,2\n")


@pytest.mark.parametrize(
    ("start", "code"),
    [
        ("import os; os.abort()", "upload_too_heavy"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "upload_too_heavy"),
        ("raise SystemExit(3)", "upload_unreadable"),
        ("pass", "upload_unreadable"),
        ("import sys; open(sys.argv[2] + '/answer.json', 'w').write('[]')", "upload_unreadable"),
    ],
)
def test_a_child_that_breaks_is_one_sentence(monkeypatch, start, code):
    monkeypatch.setattr(sandbox, "_START", start)
    before = left_behind()
    with pytest.raises(LayerError) as caught:
        read_sent("x.csv", b"a,b\n1,2\n")
    assert caught.value.code == code
    assert left_behind() == before
