"""Rows of directions have tables, cards and figures of their own, beside other rows that the same metric decides."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg

from stages.figures import evidence, pareto, person, sanity, style
from stages.figures.tiles import Tiles
from stages.measuring.columns import Column, described
from stages.settings import params, paths
from stages.settings.rows import Params
from stages.tables import cards, gathered, summary
from tests import laid

DIRECTED = {"gain": "max", "stray": "min", "l1_bayes": "min", "pixel_accuracy_fcn_judge": "max", "kept_colour": ""}


def directed() -> Params:
    """The rows of one problem, examined direction by direction."""
    content = laid.settings().model_dump()
    content["evaluation"]["directions"] = content["evaluation"]["translation"]
    for row in content["variants"].values():
        if row["problem"] == "set2":
            row["examination"] = "directions"
    return Params.model_validate(content)


@pytest.fixture(scope="module", autouse=True)
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Results of these rows, with columns that only they have."""
    place = tmp_path_factory.mktemp("shown")
    with contextlib.chdir(place):
        laid.lay(directed())
        head, *lines = paths.results().read_text().splitlines()
        more = ",".join([*DIRECTED, "reference_input_gain"])
        own = [f"{line},0.5,0.2,1.5,0.9,0.3,0.0" if line.startswith("lone") else f"{line},,,,,," for line in lines]
        paths.results().write_text("\n".join([f"{head},{more}", *own, ""]))
        known = json.loads(paths.dictionary().read_text())
        mine = described({name: ("gain", Column(better, "", name, name)) for name, better in DIRECTED.items()})  # type: ignore[arg-type]
        known["columns"] |= mine
        known["problems"]["set2"] = {"examination": "directions", "headline": "l1"}
        paths.dictionary().write_text(json.dumps(known))
        yield place


def test_directions_have_a_table_of_their_own_with_what_returning_the_input_scores() -> None:
    made = {table.layout.stem: (part, table) for part, table in summary.tables_of(gathered.load(params.read()))}
    assert list(made) == ["summary", "directions"]
    part, table = made["directions"]
    (group,) = table.groups
    lines = {line.label if not line.name else line.name: line for line in group.lines}
    shown = {column.key: column.better for column in table.columns if column.measured}
    assert shown.items() >= {**DIRECTED, "l1": "min", "l1_relative": "min"}.items()
    assert {key: lines["returns its input"].cells[key].value for key in ("gain", "l1_relative")} == {
        "gain": 0,
        "l1_relative": 1,
    }
    assert lines["lone-none"].cells["l1_relative"].value == pytest.approx(0.5 / 0.05)
    said = " ".join(table.layout.notes(part))
    assert all(word in said for word in ("means over the directions", "Gain:", "L1 / Bayes:", "fcn_judge", "smuggled"))
    assert "returns its input does well" not in said
    assert "left by lone-none, lone-taught" in " ".join(table.layout.limits(part))


def test_a_card_shows_how_a_direction_is_asked_for() -> None:
    (part, table) = next(
        each for each in summary.tables_of(gathered.load(params.read())) if each[1].groups[0].problem == "set2"
    )
    (card,) = cards.texts(part, table).values()
    assert "source, target = torch.eye(2)[:, None]  # Male, Young" in card
    assert "at most 16 images of each direction of the test split" in card


def test_problems_that_one_metric_decides_are_drawn_by_their_examination() -> None:
    found = evidence.load()
    parts = {end: (column.name, set(part.problems())) for end, column, part in evidence.by_headline(found)}
    assert parts == {
        "": ("l1", {"set1"}),
        "-directions": ("l1", {"set2"}),
        "-fid-judge": ("fid_judge", {"real_world"}),
    }
    with rc_context(style.RULES):
        drawn = [each.name for each in pareto.figures(found)]
    assert drawn == ["pareto-l1", "pareto-l1-directions", "pareto-fid-judge", "pareto-fid-judge-directions"]
    kinds = evidence.filled(found, lambda part: "directions" in part.examinations())
    assert [(end, list(part.problems())) for end, part, _ in kinds] == [("", ["set2"])]


def test_a_single_label_is_shown_on_several_scenes() -> None:
    given = np.arange(5, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 3), np.uint8)
    one, many = (np.stack([given + 100 + label for label in range(count)], axis=1) for count in (1, 2))
    scenes = person.pictures(Tiles(("zebra",), one, given, one))
    assert [name for name, _ in scenes] == ["input", "zebra"] * 3
    assert [int(picture[0, 0, 0]) for _, picture in scenes] == [0, 100, 1, 101, 2, 102]
    assert [name for name, _ in person.pictures(Tiles(("a", "b"), many, given, many))] == ["input", "a", "b"]
    found = {"horses to zebra": ("teacher", Tiles(("zebra",), one, given, one))}
    assert person.of_scenes(found)
    assert not person.of_scenes({**found, "faces": ("teacher", Tiles(("a", "b"), many, given, many))})


@pytest.mark.parametrize("count", [1, 4, 9])
def test_the_key_of_many_data_sets_stays_above_the_panels(count: int) -> None:
    lines = {"noise": [[0.0, 1.0, 0.1], [1.0, 9.0, 3.0]], "blur": [[0.0, 1.0, 0.1], [1.0, 2.0, 0.4]]}
    found = {f"tiger2leopard {index} to leopard": {**lines, "tint": lines["noise"]} for index in range(count)}
    with rc_context(style.RULES):
        figure = sanity.panels(evidence.load(), found)
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        (key,) = figure.legends
        extent = key.get_window_extent()
        titles = [axes.title.get_window_extent() for axes in figure.axes if axes.get_title(loc="left")]
        assert extent.x1 <= figure.bbox.width
        assert all(extent.y0 >= axes.get_window_extent().y1 for axes in figure.axes)
        assert all(extent.y0 >= title.y1 for title in titles)
