"""The figure of training lengths: there where rows have several, with every length and difference on it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib import rc_context
from ruamel.yaml import YAML

from stages.figures import evidence, forest, lengths, style
from stages.figures.evidence import Evidence
from stages.figures.style import Drawn
from stages.findings.lengths import CHANGE, COST, STEPS
from stages.settings import params, paths
from tests import all_tables
from tests.fabricated import SMOKE, fabricate
from tests.test_figures import texts

STUDENTS = ("set1-w4b3-none", "set1-w4b3-fr5out", "set1-w4b3-d-fr5out")
LENGTHS = {2: "half", 4: "", 8: "double", 16: "quadruple"}
"""Steps -> the end of a row's name."""


def named(row: str, end: str) -> str:
    """The name of a row at a length."""
    return f"{row}-{end}" if end else row


def content() -> dict[str, object]:
    """The smoke scale with three students at four lengths, and no other rows than these need."""
    found = params.sections(YAML(typ="safe").load(SMOKE))
    rows = {"set1-teacher": found["variants"]["set1-teacher"]}
    usual = found["schedules"]["student"]
    for steps, end in LENGTHS.items():
        found["schedules"][named("student", end)] = {**usual, "steps": steps}
        for name in STUDENTS:
            mine = {"seeds": [0, 1, 2], "schedule": named("student", end), "headline": False}
            rows[named(name, end)] = {**found["variants"][name], **mine}
    return {**found, "teachers": {"set1": found["teachers"]["set1"]}, "variants": rows}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    """Results in which longer training helps the untaught more, and seeds differ a little."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("lengths"))
        paths.PARAMS.write_text(json.dumps(content()), encoding="utf-8")
        settings = fabricate()
        for name, row in settings.variants.items():
            report = json.loads(paths.quality(name).read_text(encoding="utf-8"))
            steps = settings.schedules[row.schedule].steps
            lead, draw = 0.01 / steps if "fr5out" in name else 0.0, random.Random(name)
            for each in report["seeds"].values():
                each["overall"]["l1"] = 0.05 / max(steps, 1) ** 0.3 - lead + draw.gauss(0, 2e-5)
            paths.quality(name).write_text(json.dumps(report), encoding="utf-8")
        all_tables.gather()
        yield evidence.load()


@pytest.fixture(scope="module")
def drawn(found: Evidence) -> Drawn:
    """The only figure."""
    (figure,) = lengths.figures(found)
    assert figure.name == "lengths-set1"
    return figure


def test_the_table_has_each_length_of_each_lesson(found: Evidence) -> None:
    lines = [line for line in found.lengths if line["metric"] == "l1"]
    for at, count in ((STEPS, 4), (COST, 3), (CHANGE, 1)):
        mine = [line for line in lines if line["at"] == at]
        assert len(mine) == 2 * count, at
        assert {line["n"] for line in mine} == {"3"}
    assert {line["verdict"] for line in lines if line["at"] == CHANGE} == {"worse"}, "the lead shrinks"


def test_every_length_stands_on_both_axes(found: Evidence, drawn: Drawn) -> None:
    with rc_context(style.RULES):
        by_steps, by_cost, _ = drawn.figure.axes
    for axes, cost in ((by_steps, False), (by_cost, True)):
        curves = {line.get_label(): line for line in axes.lines if len(np.asarray(line.get_xdata())) == len(LENGTHS)}
        assert len(curves) == len(STUDENTS)
        untaught = curves["not taught"]
        for line in curves.values():
            assert (np.diff(np.asarray(line.get_xdata(), float)) > 0).all()
            if not cost:
                assert np.asarray(line.get_xdata()).tolist() == list(LENGTHS)
            elif line is not untaught:
                assert (np.asarray(line.get_xdata()) > np.asarray(untaught.get_xdata())).all(), "a lesson costs"
        means = [found.mean(named(STUDENTS[0], end), "l1") for end in LENGTHS.values()]
        np.testing.assert_allclose(np.asarray(untaught.get_ydata(), float), means)


def test_differences_are_those_of_the_table(found: Evidence, drawn: Drawn) -> None:
    with rc_context(style.RULES):
        axes = drawn.figure.axes[2]
    lines = [line for line in found.lengths if line["metric"] == "l1" and line["at"] in (STEPS, COST)]
    expected = sorted(100 * float(line["difference"]) / float(line["untaught"]) for line in lines)
    marks = [
        line for line in axes.lines if line.get_marker() in style.MARKERS and len(np.asarray(line.get_xdata())) == 1
    ]
    np.testing.assert_allclose(sorted(float(np.asarray(line.get_ydata())[0]) for line in marks), expected)
    assert axes.get_ylim()[1] >= max(abs(each) for each in expected)


def test_no_text_of_it_covers_another_or_leaves_the_canvas(drawn: Drawn) -> None:
    with rc_context(style.RULES):
        boxes = [(text, box.padded(-1)) for text, box in texts(drawn.figure).items()]
    canvas = drawn.figure.bbox.padded(1)
    for place, (text, box) in enumerate(boxes):
        assert canvas.count_contains(box.corners()) == len(box.corners()), f"{text!r} leaves the canvas"
        for other, theirs in boxes[:place]:
            assert not box.overlaps(theirs), f"{text!r} covers {other!r}"
    assert drawn.figure.get_size_inches()[1] <= style.TALLEST


def test_rows_of_one_length_have_no_figure(found: Evidence) -> None:
    usual = found.only(
        [name for name, row in found.rows.items() if row.schedule in ("student", "teacher", "untrained")]
    )
    assert not list(lengths.figures(usual))
    assert forest.reach([]) == pytest.approx(1.08 * forest.LEAST)
