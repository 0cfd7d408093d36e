import json
import math
import shutil

import numpy as np
import pytest

from coverage.cli import main
from coverage.errors import StoreError
from coverage.radio import ehata, itm, p1812, p2108, p2109
from coverage.validation import Case, passed, run_validate, validate
from coverage.validation.cases import compared
from coverage.validation.telling import largest_difference
from coverage.words import LANGUAGES, render

SETS = ("p1812", "p2108", "p2109", "ehata", "itm")
HEIGHTS = 120 + 40 * np.sin(np.arange(101) / 7.0)

# --- little sets in the publishers' layouts, their values our own: reading and judging is what is tested here --------


def terrestrial(folder, *rows):
    folder.mkdir(exist_ok=True)
    lines = ["f__ghz,d__km,p,rtn,L_ctt__db", *(",".join(map(str, row)) for row in rows)]
    (folder / "Terrestrial.csv").write_text("\n".join(lines) + "\n")
    return folder


def terminal(folder, *rows):
    folder.mkdir(exist_ok=True)
    lines = ["f__ghz,h__meter,w_s__meter,R__meter,clutter_type,rtn,A_h__db", *(",".join(map(str, row)) for row in rows)]
    (folder / "Terminal.csv").write_text("\n".join(lines) + "\n")
    return folder


def hata_set(folder, off_db=0.0, plain_db=0.0):
    (folder / "pfls").mkdir(parents=True)
    (folder / "pfls" / "one.csv").write_text(",".join(map(str, [100, 100.0, *HEIGHTS])) + ",\n")
    link = ehata.Link(frequency_mhz=2000.0, base_height_m=30.0, mobile_height_m=2.0, environment="suburban")
    for name, variant, more in (("-wfmod", "winnforum", off_db), ("", "ntia", plain_db)):
        loss = ehata.path_loss_db(HEIGHTS, 100.0, link, variant=variant)[0] + more
        (folder / f"test-inputs{name}.csv").write_text(
            "ID,Scenario Title,f,hb,hm,env,pfl file name,TX lat,Dist(km),Path Loss(dB)\n"
            f"7,A name,2000,30,2,22,one.csv,16.0,10,{loss:.4f}\n"
        )
    return folder


def itm_set(folder, *, p2p_db=0.0, code=0, mode=3, profiles=(HEIGHTS, HEIGHTS[::-1])):
    folder.mkdir(parents=True)
    (folder / "pfls.csv").write_text("".join(",".join(map(str, [100, 100.0, *row])) + "\n" for row in profiles))
    link = itm.Link(frequency_mhz=900.0, tx_height_m=20.0, rx_height_m=2.0, n0=350.0, climate=3, time_percent=90.0)
    common = "15,0.005,350,900,1,3,90,50,50"
    head = "h_tx__meter,h_rx__meter,epsilon,sigma,N_0,f__mhz,pol,climate,time,location,situation,mdvar,rtn,A__db"
    lines = [head]
    for row in profiles:
        loss = itm.point_to_point(row, 100.0, link).loss_db[0] + p2p_db
        lines.append(f"20,2,{common},{mode},{code},{loss:.2f}")
    (folder / "p2p.csv").write_text("\n".join(lines) + "\n")
    loss = itm.area(20e3, 90.0, link, siting=(1, 0)).loss_db[0]
    (folder / "area.csv").write_text(
        "h_tx__meter,h_rx__meter,delta_h__meter,mdvar,d__km,tx_siting_criteria,rx_siting_criteria,epsilon,sigma,N_0,f__mhz,"
        f"pol,climate,time,location,situation,A__db\n20,2,90,3,20,1,0,{common},{loss:.1f}\n"
    )
    return folder


def p1812_set(folder, *, loss_db=0.0, reference_db=0.0, ghz=2.0):
    distance, clutter, zone = np.arange(101) * 0.1, 10.0 * (np.arange(101) % 9 == 4), np.full(101, 4)
    link = p1812.Link(frequency_ghz=ghz, tx_height_m=25.0, rx_height_m=2.0, latitude_deg=16.0, time_percent=10.0)
    args = [part[None, :] for part in (distance, HEIGHTS, clutter)]
    loss = p1812.basic_transmission_loss_db(*args, link, beyond_range=True)[0]
    strength = 199.36 + 20 * math.log10(ghz) - loss
    for name in ("results", "profiles"):
        (folder / name).mkdir(parents=True)
    table = "\n".join(f"{d:g},{h},2,{c:g},{z}" for d, h, c, z in zip(distance, HEIGHTS, clutter, zone, strict=True))
    (folder / "profiles" / "hill_road.csv").write_text(f"hill\nNumber of Points:,101\n{table}\n{{End of Profile}}\n")
    given = {
        "Ptx (kW)": 0.1, "Gtx (dBi)": 3, "Grx (dBi)": 0, "f (GHz)": ghz, "p (%)": 10, "pL (%)": 50, "sigmaL (dB)": 0,
        "phi_t (deg)": 16.0, "phi_r (deg)": 16.0, "lam_t (deg)": 108.0, "lam_r (deg)": 108.1, "htg (m)": 25,
        "hrg (m)": 2, "pol": 2, "DN ": 45, "N0 ": 350, "dct (km) ": 500, "dcr (km) ": 500,
    }  # fmt: skip
    log = ["# Parameter,Ref,,Value,", *(f"{name},,,{value}," for name, value in given.items()), ",,,,"]
    log += [f"Lb (dB),Eq (69),,{loss + loss_db:.7f},", f"Ep (dBuV/m),Eq (70),,{strength:.7f},"]
    log += [f"Ep (dBuV/m) w.r.t. Ptx, Gtx, Grx,,,{strength - 7:.7f},"]
    (folder / "results" / "hill_road_0_log.csv").write_text("\n".join(log) + "\n")
    (folder / "combined_results.csv").write_text(
        "# # Folder, Filename, Dataset #, Reference\n"
        f" ./profiles, hill_road.csv, 0, {strength - 7 + reference_db:.8f}, 0, 0\n"
    )
    return folder


# --- the published sets -----------------------------------------------------------------------------------------------


def rows_of(folder, pattern):
    """Return how many rows the tables of a folder have, counted without the reader under test."""
    texts = (path.read_text(encoding="utf-8-sig", errors="replace") for path in folder.glob(pattern))
    return sum(sum(bool(line.strip(" ,\t")) for line in text.splitlines()[1:]) for text in texts)


def published_cases(folder):
    """Return how many cases of a set are judged: a log each for p1812, a row each elsewhere."""
    if folder.name == "p1812":
        return len(list((folder / "results").glob("*_log.csv")))
    patterns = {"ehata": ["*-wfmod.csv"], "itm": ["p2p.csv", "area.csv"]}.get(folder.name, ["*.csv"])
    return sum(rows_of(folder, pattern) for pattern in patterns)


@pytest.mark.parametrize("model", SETS)
def test_the_published_set_passes(model, reference):
    cases = validate(model, reference / model)
    assert sum(case.ok is not None for case in cases) == published_cases(reference / model) > 0
    assert passed(cases)
    assert len({case.case for case in cases}) == len(cases)


def test_a_published_set_with_one_wrong_value_fails(reference, tmp_path):
    folder = tmp_path / "p1812"
    shutil.copytree(reference / "p1812", folder, copy_function=shutil.copyfile)
    path, log = folder / "combined_results.csv", min((folder / "results").glob("*_log.csv"))
    stem, _, number = log.name.removesuffix("_log.csv").rpartition("_")
    lines = path.read_text().splitlines()
    (at,) = [n for n, line in enumerate(lines) if [c.strip() for c in line.split(",")[1:3]] == [f"{stem}.csv", number]]
    cells = lines[at].split(",")
    cells[3] = f" {float(cells[3]) + 0.02:.8f}"
    path.write_text("\n".join([*lines[:at], ",".join(cells), *lines[at + 1 :]]))
    wrong = [case for case in validate("p1812", folder) if not case.ok]
    assert [(case.case, case.about) for case in wrong] == [(f"{stem}_{number}", "Reference")]
    assert wrong[0].difference == pytest.approx(-0.02, abs=1e-5)


# --- judging ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("off", "ok"), [(0.0, True), (0.1, True), (-0.1, True), (0.11, False), (-0.11, False)])
def test_a_value_is_judged_by_the_tolerance_of_its_model(tmp_path, off, ok):
    loss = float(p2108.terrestrial_db(2.0, 1.5, 30.0))
    case = validate("p2108", terrestrial(tmp_path, (2, 1.5, 30, 0, loss + off)))[0]
    assert (case.case, case.ok) == ("Terrestrial.csv:2", ok)
    assert case.difference == pytest.approx(-off)
    assert run_validate("p2108", tmp_path, True, show=lambda _: None) == (0 if ok else 1)


@pytest.mark.parametrize(
    ("row", "ok"),
    [
        ((68, 1, 50, 48, 0), True),
        ((10, 0.2, 50, 49, 0), True),
        ((10, 1, 0, 50, 0), True),
        ((10, 1, 0, 49, 0), False),
        ((10, 1, 50, 48, 0), False),  # nothing is wrong with this row
    ],
)
def test_a_row_with_a_return_code_compares_the_code(tmp_path, row, ok):
    case = validate("p2108", terrestrial(tmp_path, row))[0]
    assert (case.published, case.note, case.ok) == (row[3], "return_code", ok)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ((0.02, 2, 27, 10, 4, 32, 0), 32),
        ((1, 0, 27, 10, 4, 33, 0), 33),
        ((1, 2, 0, 10, 4, 34, 0), 34),
        ((1, 2, 27, 0, 4, 35, 0), 35),
        ((1, 2, 27, 10, 7, 36, 0), 36),
    ],
)
def test_every_return_code_of_terminal_clutter(tmp_path, row, code):
    case = validate("p2108", terminal(tmp_path, row))[0]
    assert (case.ours, case.ok) == (code, True)


def test_a_case_outside_the_range_of_its_model_is_computed_and_flagged(tmp_path):
    loss = float(p2108.terrestrial_db(70.0, 1.5, 30.0, beyond_range=True))
    inside, outside = validate("p2108", terrestrial(tmp_path, (2, 1.5, 30, 0, 26.6), (70, 1.5, 30, 0, loss)))
    assert (inside.note, outside.note, outside.about, outside.ok) == ("", "outside", "frequency_ghz", True)


def test_an_unknown_clutter_has_no_value_and_fails(tmp_path):
    case = validate("p2108", terminal(tmp_path, (1, 2, 27, 10, 9, 0, 16)))[0]
    assert math.isnan(case.ours)
    assert case.ok is False


def test_buildings_by_their_table(tmp_path):
    loss = float(p2109.building_entry_loss_db(3.5, 0.5, "thermally_efficient", elevation_deg=10.0))
    head = "freqency (GHz),probability (%),building type,elevation angle (deg),building entry loss (dB)"
    (tmp_path / "sample.csv").write_text(f"{head}\n3.5,50,2,10,{loss + 0.0005}\n3.5,50,1,10,{loss}\n")
    assert [case.ok for case in validate("p2109", tmp_path)] == [True, False]


def test_hata_judges_the_forums_values_and_only_shows_ntias(tmp_path):
    cases = {case.case: case.ok for case in validate("ehata", hata_set(tmp_path / "right", plain_db=5.0))}
    assert cases == {"test-inputs-wfmod.csv:7": True, "test-inputs.csv:7": None}
    assert run_validate("ehata", hata_set(tmp_path / "wrong", off_db=0.002), True, show=lambda _: None) == 1


def test_itm_pairs_each_row_with_its_profile(tmp_path):
    cases = validate("itm", itm_set(tmp_path / "itm"))
    assert [(case.case, case.ok) for case in cases] == [("p2p.csv:2", True), ("p2p.csv:3", True), ("area.csv:2", True)]
    assert not passed(validate("itm", itm_set(tmp_path / "off", p2p_db=0.1)))


def test_itm_return_codes(tmp_path):
    refused = validate("itm", itm_set(tmp_path / "refused", code=1014, mode=14))[:2]
    assert [(case.ours, case.note, case.ok) for case in refused] == [(1014, "return_code", True)] * 2
    warned = validate("itm", itm_set(tmp_path / "warned", code=1))[0]  # with a horizon far nearer than a smooth Earth's
    assert (warned.note, warned.ok) == ("", True)
    calm = validate("itm", itm_set(tmp_path / "calm", code=1, profiles=[np.full(101, 10.0)]))[0]
    assert (calm.published, calm.ours, calm.note, calm.ok) == (1, 0, "return_code", False)


def test_p1812_compares_loss_field_strength_and_reference(tmp_path):
    right = validate("p1812", p1812_set(tmp_path / "right"))
    assert [(case.case, case.ok, case.note) for case in right] == [("hill_road_0", True, "")]
    lost = validate("p1812", p1812_set(tmp_path / "lost", loss_db=0.5))[0]
    assert (lost.ok, lost.difference) == (False, pytest.approx(-0.5, abs=1e-5))
    other = validate("p1812", p1812_set(tmp_path / "other", reference_db=0.02))[0]
    assert (other.ok, other.about) == (False, "Reference")
    above = validate("p1812", p1812_set(tmp_path / "above", ghz=7.0))[0]
    assert (above.ok, above.note, above.about) == (True, "outside", "frequency_ghz")
    (tmp_path / "right" / "combined_results.csv").unlink()
    assert passed(validate("p1812", tmp_path / "right"))


def test_unknown_files_are_passed_over(tmp_path):
    folder = terrestrial(tmp_path, (10, 1, 0, 50, 0))
    (folder / "notes.csv").write_text("a,b\n1\n")
    (folder / "image.csv").write_bytes(bytes(range(128, 256)))
    (folder / "README.md").write_text("…")
    (folder / "empty.csv").write_text("")
    assert len(validate("p2108", folder)) == 1


@pytest.mark.parametrize("model", SETS)
def test_no_case_is_an_error(tmp_path, model):
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(StoreError) as error:
            validate(model, folder)
        assert error.value.code == "validation_empty"
        assert all(model in render(error.value, lang) for lang in LANGUAGES)


def test_an_unknown_model_is_an_error(tmp_path):
    with pytest.raises(StoreError, match="validation_model"):
        validate("p1546", tmp_path)


def test_a_file_that_cannot_be_used_is_named(tmp_path):
    with pytest.raises(StoreError) as error:
        validate("p2108", terrestrial(tmp_path / "a", (2, "far", 30, 0, 26.6)))
    assert (error.value.code, error.value.values["file"]) == ("validation_unreadable", "Terrestrial.csv")
    folder = hata_set(tmp_path / "b")
    (folder / "pfls" / "one.csv").write_text("100,100.0,1,2,3\n")
    with pytest.raises(StoreError) as error:
        validate("ehata", folder)
    assert error.value.values["file"] == "one.csv"
    folder = p1812_set(tmp_path / "c")
    (folder / "profiles" / "hill_road.csv").unlink()
    with pytest.raises(StoreError) as error:
        validate("p1812", folder)
    assert error.value.values["file"] == "hill_road.csv"


# --- telling ----------------------------------------------------------------------------------------------------------


def test_the_document_for_machines(tmp_path):
    shown = []
    assert run_validate("ehata", hata_set(tmp_path / "set", plain_db=5.0), True, show=shown.append) == 0
    document = json.loads(shown[0])
    assert set(document) == {"model", "cases", "not_judged", "max_abs_difference"}
    assert set(document["cases"][0]) >= {"case", "published", "ours", "difference", "ok"}
    assert (document["model"], len(document["cases"]), len(document["not_judged"])) == ("ehata", 1, 1)
    assert document["max_abs_difference"] == abs(document["cases"][0]["difference"]) < 1e-4


def test_what_is_unknown_is_null(tmp_path):
    shown = []
    assert run_validate("p2108", terminal(tmp_path, (1, 2, 27, 10, 9, 0, 16)), True, show=shown.append) == 1
    document = json.loads(shown[0])
    assert (document["cases"][0]["ours"], document["max_abs_difference"]) == (None, None)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_table_for_people(tmp_path, lang):
    shown = []
    rows = [(2, 1.5, 30, 0, 99.0), (68, 1, 50, 48, 0), (70, 1.5, 30, 0, 0)]
    assert run_validate("p2108", terrestrial(tmp_path, *rows), False, lang=lang, show=shown.append) == 1
    lines = shown[0].splitlines()
    assert [line.split()[0] for line in lines[1:4]] == [f"Terrestrial.csv:{number}" for number in (2, 3, 4)]
    assert "frequency_ghz" in lines[3]
    largest = largest_difference(validate("p2108", tmp_path))
    assert f"{largest:.6f}".replace(".", "," if lang == "vi" else ".") in lines[-1]


def test_a_case_that_is_not_judged_does_not_count():
    cases = [compared("a", 1.0, 1.5, 1.0), compared("b", 1.0, 9.0, None)]
    assert (largest_difference(cases), passed(tuple(cases))) == (0.5, True)
    assert isinstance(cases[0], Case)


def test_the_command(tmp_path, capsys):
    right, wrong = hata_set(tmp_path / "right"), hata_set(tmp_path / "wrong", off_db=0.002)
    assert main(["validate", "ehata", str(right), "--lang", "en"]) == 0
    assert "test-inputs-wfmod.csv:7" in capsys.readouterr().out
    assert main(["validate", "ehata", str(wrong), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["max_abs_difference"] == pytest.approx(0.002, abs=1e-4)
    assert main(["validate", "ehata", str(tmp_path / "missing")]) == 2
    assert main(["validate", "p1546", str(right)]) == 2
    assert main(["validate", "ehata"]) == 2
    assert capsys.readouterr().err.count("phusong:") == 3
