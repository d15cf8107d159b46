"""Rows that make images of latents: their figures, their table, their card, their place on the page, their search."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from PIL import Image

from stages import write_tables
from stages.figures import architecture, evidence, faults, latents, marginals, networks, pareto, person, search, style
from stages.figures.evidence import Evidence
from stages.figures.style import Drawn
from stages.measuring import walks
from stages.settings import params, paths
from stages.tables import cards, gathered, pictures, readme, summary
from stages.tables.gathered import Gathered
from stages.tables.summary import Table
from tests import paced_rows, synthesised_rows
from tests.test_figures import texts


@pytest.fixture(scope="module", autouse=True)
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Results of such rows in the current directory."""
    folder = tmp_path_factory.mktemp("synthesis")
    with contextlib.chdir(folder):
        synthesised_rows.lay()
        yield folder


@pytest.fixture(scope="module")
def found() -> Evidence:
    """What figures are drawn from, and two searches."""
    choices = {"quarter": synthesised_rows.choice("quarter"), "half": synthesised_rows.choice("half", trusted=False)}
    return replace(evidence.load(), choices=choices)


@pytest.fixture(scope="module")
def table() -> tuple[Gathered, Table]:
    """The table of these rows."""
    ((found, table),) = summary.tables_of(gathered.load(params.read()))
    return replace(found, choices={"quarter": synthesised_rows.choice("quarter")}), table


def drawn(figures: Iterator[Drawn]) -> dict[str, Drawn]:
    """The figures by their names, drawn; no text leaves them or covers another, as far as it is not turned."""
    with rc_context(style.RULES):
        found = {each.name: each for each in figures}
        for each in found.values():
            canvas, boxes = each.figure.bbox.padded(1), [box.padded(-1) for box in texts(each.figure).values()]
            assert all(canvas.count_contains(box.corners()) == 4 for box in boxes), each.name
            boxes = [] if any(text.get_rotation() % 90 for text in each.figure.findobj(Text)) else boxes
            assert not [box for place, box in enumerate(boxes) if box.count_overlaps(boxes[:place])], each.name
    return found


def words(figure: Drawn) -> str:
    """All that is written in a figure."""
    return " ".join(text.get_text() for text in figure.figure.findobj(Text))


def test_the_same_latents_stand_below_each_other(found: Evidence) -> None:
    figures = drawn(latents.figures(found))
    assert list(figures) == ["latents-faces", "latents-faces-2"]
    figure = figures["latents-faces"]
    still, moving = figure.figure.axes
    shown, others = latents.pages(found, found.problems()["faces"])
    assert shown == ["teacher", "none", *paced_rows.AT]
    assert others == ["teacher", "narrow-none"]
    picture = np.asarray(still.images[0].get_array())
    images, frames = walks.parted(np.asarray(Image.open(paths.samples("none")).convert("RGB")), 16)
    block = latents.Block([list(images[: latents.SHOWN])] * len(shown), (1,))
    middle = round(block.middles()[shown.index("none")])
    side = 128
    assert np.array_equal(picture[middle - side // 2 : middle + side // 2, :side], images[0].repeat(8, 0).repeat(8, 1))
    assert np.asarray(moving.images[0].get_array()).shape[1] == walks.FRAMES * (side + latents.GAP) - latents.GAP
    assert len(frames) == walks.FRAMES
    assert "widths 6/2/2" in words(figures["latents-faces-2"]).replace("\n", " ")


def test_marginals_show_the_gap_to_the_known_chance(found: Evidence) -> None:
    figure = drawn(marginals.figures(found))["marginals-faces"]
    known, right = figure.figure.axes
    bars = [bar for bar in known.patches if isinstance(bar, Rectangle)]
    assert [round(bar.get_width()) for bar in bars] == [40, 20, 30, 10, 45, 10]
    report = found.reports["teacher"]["marginals"]["faces"]
    teacher = next(line for line in right.lines if line.get_marker() == "*")
    expected = 100 * (report["Male"]["row"][0][1] - report["Male"]["known"][1])
    assert np.asarray(teacher.get_xdata())[4] == pytest.approx(expected)
    for name in ("Black Hair", "Male", "Mustache", "real draws", "linear"):
        assert name in words(figure)
    assert "yes" not in words(figure)


def test_a_ruler_is_darkest_where_it_finds_the_fault(found: Evidence) -> None:
    figure = drawn(faults.figures(found))["rulers-faces"]
    assert "one mode dropped" in words(figure)
    assert faults.worse(0.3, 0.3, "min") == faults.worse(0.98, 0.97, "max") == 0
    assert faults.worse(0.5, 0.98, "max") == 1
    assert 0 < faults.worse(0.02, 0.01, "min") < 1


def test_a_search_shows_its_picks_and_whether_it_can_be_trusted(found: Evidence) -> None:
    figures = drawn(search.figures(found))
    assert list(figures) == ["search-quarter", "search-half"]
    costs, ranks = figures["search-quarter"].figure.axes
    choice = found.choices["quarter"]
    assert len(costs.lines[0].get_xdata()) == len(choice["configurations"])  # type: ignore[arg-type]
    best = next(line for line in costs.lines if line.get_marker() == "*")
    assert (best.get_xdata(), best.get_ydata()) == (
        [choice["picks"]["best"]["macs"]],
        [choice["picks"]["best"]["fitness"]],
    )
    assert len(ranks.lines) == len(choice["alone"])
    assert "better than by chance" in words(figures["search-quarter"]).replace("\n", " ")
    assert "is no evidence" in words(figures["search-half"]).replace("\n", " ")
    assert "−0.30 to 0.60" in words(figures["search-half"]).replace("\n", " ")


def test_the_front_of_a_search_is_never_beaten_at_less_cost() -> None:
    each = [{"macs": macs, "fitness": fitness} for macs, fitness in ((3, 1.0), (1, 5.0), (2, 6.0), (2, 4.0))]
    assert [(point["macs"], point["fitness"]) for point in search.front(each)] == [(1, 5.0), (2, 4.0), (3, 1.0)]


def test_diagrams_show_the_mapping_the_styles_and_what_is_painted(found: Evidence) -> None:
    figures = drawn(architecture.figures(found))
    assert "wedge: a style" in words(figures["architecture-whole"]).replace("\n", " ")
    (pairs, _), *_ = architecture.distinct(found)
    units = pairs[0].teacher.units
    assert (units[0].kind, units[0].text) == (networks.MAPPED, "1 × 4")
    painted = [place for place, unit in enumerate(units) if unit.kind == networks.PAINTED]
    assert [units[place].skip for place in painted] == [None, *painted[:-1]]
    assert all(unit.styled for unit in units[2:-1])
    assert sum(unit.kind == "strided" for unit in units) == len(painted) - 1


def test_figures_of_labelled_images_leave_these_rows_out(found: Evidence) -> None:
    assert [each.title for each in person.figures(found)] == [person.TITLE]
    assert list(drawn(pareto.figures(found))) == ["pareto-fid-judge"]


def test_the_table_ends_with_what_decides_and_shows_real_draws(table: tuple[Gathered, Table]) -> None:
    _, shown = table
    assert shown.layout.stem == "synthesis"
    assert [column.key for column in shown.columns][-1] == "fid_judge"
    (group,) = shown.groups
    draws = next(line for line in group.lines if line.kind == "draws")
    assert draws.label == "real draws"
    assert draws.cells["coverage"].value == pytest.approx(0.98)
    told = " ".join(shown.layout.notes(table[0]))
    assert "400 images of latents" in told
    assert "Search quarter: 12,003 G MACs" in told


def test_a_card_says_how_images_are_made_and_judged(table: tuple[Gathered, Table]) -> None:
    text = cards.texts(*table)["faces.md"]
    assert "pace linear: end 0.3" in text
    assert "pace conflict |" in text
    assert "on 400 images of latents" in text
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert code is not None
    assert "family.sample(networks, latents, truncation=0.7)" in code[1]
    assert str(paths.teacher("faces")) in code[1]


def test_the_page_gets_the_first_images_and_the_whole_walk() -> None:
    report = json.loads(paths.quality("linear").read_text())
    sheet = pictures.sheet("linear", report, False)
    assert sheet is not None
    (part,), picture = sheet
    assert part == {"data": "faces", "side": 16, "across": 8, "lines": 2, "frames": 16}
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture["content"]))).convert("RGB"))
    whole = np.asarray(Image.open(paths.samples("linear")).convert("RGB"))
    assert np.array_equal(shown, pictures.shades()[np.concatenate([whole[: 2 * 16], whole[4 * 16 :]])])
    assert np.abs(pictures.shades().astype(int) - np.arange(256)).max() == 2


def test_the_page_is_written(place: Path) -> None:
    paths.README.write_text("".join(f"{each.begin}\n{each.end}\n" for each in (readme.FINDINGS, readme.RESULTS)))
    write_tables.main()
    page = paths.page().read_text()
    assert '<section id="walk"' in page
    assert "real draws" in page
    assert (place / paths.table("synthesis.csv")).exists()
