"""Figures of paces: a panel for each thing a pace is held against, bands over seeds, verdicts where intervals allow."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.colors import to_hex
from matplotlib.text import Text
from ruamel.yaml import YAML

from stages.figures import conflict, evidence, gradients, paces, style
from stages.figures.evidence import Evidence
from stages.figures.style import Drawn
from stages.settings import params, paths
from stages.settings.rows import Params
from tests import all_tables, paced_rows
from tests.fabricated import SMOKE, fabricate
from tests.test_figures import texts

FALLS = {"whole": 0.5, "half": 0.3, "linear": 0.0, "mirrored": -0.5, "early": 0.4, "conflict": 0.6, "level": 0.1}
LESSONS = {"set1-w4b3-fr5out": list(paced_rows.AT), "horse2zebra-w2-image": ["whole", "linear"]}
"""Row of the smoke scale -> the paces at which its lesson is given."""
KEPT = ("set1-teacher", "set1-w4b3-none", "horse2zebra-teacher", "horse2zebra-w2-none")


def content() -> dict[str, object]:
    """The smoke scale with two lessons at several paces, and no other rows than these need."""
    found = params.sections(YAML(typ="safe").load(SMOKE))
    for name in ("student", "unpaired-student"):
        found["schedules"][name]["steps"] = paced_rows.STEPS
    found["schedules"]["level"] = {**found["schedules"]["student"], "decay_from": 1.0}
    rows = {name: found["variants"][name] for name in KEPT}
    for start, names in LESSONS.items():
        taught = {**found["variants"][start], "seeds": [0, 1, 2], "evidence": paced_rows.EVERY, "headline": False}
        for name in names:
            pace, settings = paced_rows.AT[name]
            moved = {"pace": {**paced_rows.CONSTANT, "generator": pace}, "generator_pace": settings, "thesis": name}
            rows[f"{start}-{name}"] = {**taught, **moved}
    rows["set1-w4b3-fr5out-level"] = {**rows["set1-w4b3-fr5out-linear"], "schedule": "level", "thesis": "rate constant"}
    for name in ("set1-w4b3-none", "horse2zebra-w2-none"):
        rows[name] = {**rows[name], "seeds": [0, 1, 2]}
    found["teachers"] = {name: found["teachers"][name] for name in ("set1", "horse2zebra")}
    return {**found, "variants": rows}


def published() -> Params:
    """Results of these rows in the working directory."""
    paths.PARAMS.write_text(json.dumps(content()), encoding="utf-8")
    settings = fabricate()
    for name, row in settings.variants.items():
        for seed in row.seeds if row.evidence else ():
            paced_rows.recorded(name, row, seed, FALLS[name.rpartition("-")[2]])
    all_tables.gather()
    return settings


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evidence]:
    """Results of these rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("paces"))
        published()
        yield evidence.load()


def drawn(figures: Iterator[Drawn]) -> dict[str, Drawn]:
    """The figures by their names, drawn."""
    with rc_context(style.RULES):
        found = {each.name: each for each in figures}
        for each in found.values():
            assert each.figure
    return found


def words(figure: Drawn) -> list[str]:
    """What is written in a figure."""
    return [text.get_text() for text in figure.figure.findobj(Text)]


def test_evidence_is_a_figure_of_each_problem_with_bands_over_seeds(found: Evidence) -> None:
    figures = drawn(gradients.figures(found))
    assert list(figures) == ["evidence-set1", "evidence-horse2zebra"]
    weight, cosine, norms = figures["evidence-horse2zebra"].figure.axes
    assert {round(float(np.asarray(line.get_ydata())[-1]), 2) for line in weight.lines} == {1.0, 0.0}
    assert len(cosine.collections) == len(weight.collections) == 2
    assert [line.get_linestyle() for line in norms.lines] == ["-", "--"] * 2
    assert len(figures["evidence-set1"].figure.axes) == 2 * len(gradients.PANELS)


def test_a_pace_has_a_panel_for_each_thing_it_is_held_against(found: Evidence) -> None:
    figures = drawn(paces.figures(found))
    assert list(figures) == ["paces", "paces-directions"]
    titles = [axes.get_title("left") for axes in figures["paces"].figure.axes]
    assert titles == list(dict.fromkeys(paces.AGAINST.values()))
    assert "0.79" in words(figures["paces"])
    assert len({axes.get_xlim() for axes in figures["paces"].figure.axes}) == 1


def test_a_conflict_is_coloured_where_its_interval_leaves_zero_out(found: Evidence) -> None:
    figure = drawn(conflict.figures(found))["conflict"]
    slopes = figure.figure.axes[1]
    colours = [
        (to_hex(line.get_markerfacecolor()), float(np.asarray(line.get_xdata())[0]))
        for line in slopes.lines
        if line.get_marker() in ("s", "o", "D")
    ]
    assert all(value < 0 for colour, value in colours if colour == style.VERMILION)
    assert [round(value, 1) for colour, value in colours if colour == style.BLUE] == [0.5]
    assert len([value for colour, value in colours if to_hex(colour) == "#ffffff"]) == 3
    assert "17 of 21" in words(figure)


def test_a_row_of_one_problem_keeps_its_lines_alone(found: Evidence) -> None:
    part = found.of("directions")
    assert {line["problem"] for line in part.conflicts} == {"horse2zebra"}
    assert {line["variant"].partition("-")[0] for line in part.paces} == {"horse2zebra"}


def test_all_text_is_inside_and_none_covers_another(found: Evidence) -> None:
    for figures in (gradients.figures(found), conflict.figures(found), paces.figures(found)):
        for each in drawn(figures).values():
            canvas, boxes = each.figure.bbox.padded(1), [box.padded(-1) for box in texts(each.figure).values()]
            assert all(canvas.count_contains(box.corners()) == 4 for box in boxes), each.name
            assert not [box for place, box in enumerate(boxes) if box.count_overlaps(boxes[:place])], each.name
