"""Paces: what a row is held against is found from the rows, doses are averages, and slopes are told with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from stages.findings import comparing, conflicts, courses, moments, naming, paces, picks, tables
from stages.findings.courses import Course
from stages.findings.moments import Moments
from stages.settings import sweeps
from stages.settings.rows import Params, VariantRow
from tests import judged, paced_rows

FALLS = {"whole": 0.5, "half": 0.5, "linear": 0.0, "mirrored": -0.5, "early": 0.5, "conflict": 0.5, "level": 0.5}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """Params and curves on disk."""
    monkeypatch.chdir(tmp_path)
    found = judged.save(paced_rows.content(0, 1, 2))
    for name, fall in FALLS.items():
        for seed in found.variants[name].seeds:
            paced_rows.recorded(name, found.variants[name], seed, fall)
    return found


def recorded(rows: Mapping[str, VariantRow]) -> Moments:
    return moments.of(moments.lines(rows))


def known(settings: Params, rows: Mapping[str, VariantRow]) -> dict[str, Course]:
    return courses.of_rows(settings, rows, recorded(rows))


def told(settings: Params, rows: Mapping[str, VariantRow]) -> list[dict[str, Any]]:
    return list(conflicts.lines(settings, rows, known(settings, rows), recorded(rows)))


def held_against(settings: Params) -> dict[str, dict[str, str]]:
    rows = sweeps.rows(settings)
    found: dict[str, dict[str, str]] = {}
    for each in paces.of_rows(rows, known(settings, rows)):
        found.setdefault(each.variant, {})[each.against] = each.beside
    return found


def test_doses_are_the_time_averages_of_the_weight(settings: Params) -> None:
    found = known(settings, settings.variants)
    doses = {name: round(course.dose, 3) for name, course in found.items()}
    assert doses == {
        "whole": 1, "half": 0.5, "linear": 0.5, "mirrored": 0.5, "early": 0.15, "conflict": 0.79, "level": 0.5,
    }  # fmt: skip
    assert [name for name, course in found.items() if course.still] == ["whole", "half"]
    assert [name for name, course in found.items() if course.whole] == ["whole"]


def test_a_pace_is_held_against_no_lesson_the_whole_one_and_the_same_dose(settings: Params) -> None:
    assert held_against(settings) == {
        "whole": {"no KD": "plain"},
        "half": {"no KD": "plain", "constant": "whole"},
        "linear": {"no KD": "plain", "constant": "whole", "same dose": "half"},
        "mirrored": {"no KD": "plain", "constant": "whole", "same dose": "half", "reversed": "linear"},
        "early": {"no KD": "plain", "constant": "whole"},
        "conflict": {"no KD": "plain", "constant": "whole"},
        "level": {"other schedule": "linear"},
    }


def test_names_of_rows_have_no_part_in_that(settings: Params) -> None:
    words = dict(zip(settings.variants, ["g", "f", "e", "d", "c", "b", "a", "h", "i"], strict=False))
    renamed = settings.model_copy(update={"variants": {words[name]: row for name, row in settings.variants.items()}})
    for name, fall in FALLS.items():
        for seed in settings.variants[name].seeds:
            paced_rows.recorded(words[name], settings.variants[name], seed, fall)
    expected = {
        words[name]: {kind: words[other] for kind, other in each.items()}
        for name, each in held_against(settings).items()
    }
    assert held_against(renamed) == expected


def test_rows_of_another_lesson_are_not_held_against_each_other(settings: Params) -> None:
    heavier = {"generator_lesson": {"match": {"image": "image"}, "weight": 20.0}}
    rows = {**settings.variants, "half": settings.variants["half"].model_copy(update=heavier)}
    changed = settings.model_copy(update={"variants": rows})
    assert "same dose" not in held_against(changed)["linear"]


def test_rows_at_the_constant_pace_alone_have_no_pairings(settings: Params) -> None:
    rows = {name: settings.variants[name] for name in ("teacher", "plain", "whole")}
    assert not held_against(settings.model_copy(update={"variants": rows}))


def test_slopes_and_verdicts_are_those_of_the_records(settings: Params) -> None:
    found = {line["variant"]: line for line in told(settings, settings.variants)}
    verdicts = {name: line["conflict"] for name, line in found.items()}
    assert verdicts["whole"] == "grows"
    assert verdicts["mirrored"] == "shrinks"
    assert verdicts["linear"] == "no evidence"
    falling = found["whole"]
    assert falling["slope"] == pytest.approx(-0.5, abs=0.05)
    assert falling["slope_low"] < falling["slope"] < falling["slope_high"] < 0
    assert (falling["falling"], falling["trainings"], falling["records"]) == (3, 3, 60)
    assert falling["sign_p"] == pytest.approx(0.25)
    assert falling["first"] > 0 > falling["last"]
    assert falling["at_end"] == "opposed"
    assert found["linear"]["at_end"] == "together"
    assert found["linear"]["pull_first"] > 2 * found["linear"]["pull_last"]
    together = found[conflicts.ALL]
    assert together["trainings"] == 3 * len(FALLS)
    assert together["falling"] < together["trainings"]


def test_one_seed_says_nothing_about_the_next(settings: Params) -> None:
    row = settings.variants["whole"].model_copy(update={"seeds": [0]})
    (line,) = told(settings, {"whole": row})
    assert (line["conflict"], line["slope_low"]) == ("single seed", None)
    assert tables.text(conflicts.COLUMNS, [line]).startswith("problem,variant,pace,dose,")


def test_a_row_that_asked_for_no_evidence_has_no_line(settings: Params) -> None:
    rows = {name: row.model_copy(update={"evidence": 0}) for name, row in settings.variants.items()}
    assert not told(settings, rows)


def test_paces_are_called_as_params_have_them(settings: Params) -> None:
    words = {name: naming.paced(row) for name, row in settings.variants.items() if comparing.taught(row)}
    assert words == {
        "whole": "constant",
        "half": "constant, factor 0.5",
        "linear": "linear",
        "mirrored": "linear, reverse",
        "early": "linear, end 0.3",
        "conflict": "conflict",
        "level": "linear",
    }
    assert naming.lesson(settings.variants["linear"]) == "image, linear"
    assert naming.lesson(settings.variants["whole"]) == "image"


def test_a_search_s_best_is_held_against_its_controls_alone(settings: Params) -> None:
    plain, taught = settings.variants["plain"], settings.variants["whole"]
    rows = {
        f"{pick}-{name}": row.model_copy(update={"student": {"chosen": "faces", "pick": pick}})
        for pick in ("uniform", "best", "random1")
        for name, row in (("none", plain), ("taught", taught))
    }
    rows["elsewhere"] = plain.model_copy(update={"student": {"chosen": "other", "pick": "uniform"}})
    found = [(each.variant, each.against, each.beside) for each in picks.of_rows({**settings.variants, **rows})]
    assert found == [
        ("best-none", "uniform", "uniform-none"),
        ("best-none", "random1", "random1-none"),
        ("best-taught", "uniform", "uniform-taught"),
        ("best-taught", "random1", "random1-taught"),
    ]
