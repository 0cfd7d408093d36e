from dataclasses import replace
from typing import ClassVar

import pytest

from coverage import drawing, legends
from coverage.study import Study
from coverage.words import LANGUAGES, percent
from tests import builders as make


@pytest.fixture(scope="module")
def result():
    return Study(make.city(make.wards((-2, -2, 2, 2)), make.cells(make.cell())), pixel_m=100).run()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_class_has_a_colour_and_its_range(lang):
    for measure, breaks in drawing.BREAKS.items():
        classes = legends.ward_classes(measure, lang)
        assert [colour for colour, _ in classes] == [*drawing.RAMP, drawing.UNKNOWN]
        for (_, text), low, high in zip(classes, breaks, (*breaks[1:], 1.0), strict=False):
            assert text == f"{100 * low:.0f}–{percent(high, lang, 0)}"


def test_a_plan_adds_one_step_of_coverage():
    plain, gained = legends.coverage_classes(0.9, "vi"), legends.coverage_classes(0.9, "vi", gained=True)
    assert gained[1:] == plain
    assert gained[0][0] == drawing.GAINED
    assert "90" in plain[0][1]


@pytest.mark.parametrize(("lang", "sigma"), [("vi", "UMa 4/6, UMi 4/7,82, RMa 4–6/8"), ("en", "UMi 4/7.82")])
def test_a_figure_says_rule_denominator_model_and_spread(result, lang, sigma):
    rule, denominator, model = legends.basis(result, lang)
    assert result.definition.text(lang) in rule
    assert ("16,0" if lang == "vi" else "16.0") in denominator
    for text in (result.definition.id, result.study.path_model.id, sigma, "100"):
        assert text in model


class Profiled:
    """Stands for a model that walks a profile."""

    id = "profiled"
    facts: ClassVar = {"sigma_db": 6.5, "profile_step_m": 30.0}


def test_a_profile_step_is_part_of_the_model(result):
    walked = replace(result, study=replace(result.study, model=Profiled()))
    walked.study.__dict__.update(denominator=result.denominator)
    assert "profiled (σ 6.5 dB), profile step 30" in legends.basis(walked, "en")[2]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_estimate_of_connected_households_comes_with_its_range_or_not_at_all(result, lang):
    def told(value, low, high):
        city = result.city.copy()
        city.loc["connected_share", ["value", "low", "high"]] = value, low, high
        return legends.connected(replace(result, city=city), lang)

    nan = float("nan")
    both, alone = told(0.72, 0.65, 0.81), told(nan, 0.65, 0.81)
    for text in (both, alone):
        assert percent(0.65, lang) in text
        assert percent(0.81, lang) in text
        assert "nan" not in text
    assert percent(0.72, lang) in both
    assert told(nan, nan, nan) is None
