"""What exported networks cost is in a table, on the page, on cards and in a figure; where there are none nothing is."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from matplotlib import rc_context
from ruamel.yaml import YAML

from stages import plot_figures, write_tables
from stages.figures import evidence, style
from stages.figures import exports as figure
from stages.findings import exports
from stages.findings.exports import Line
from stages.findings.tables import TableError
from stages.settings import params, paths
from stages.settings.rows import Params
from stages.tables import cards, claimed, exported, gathered, report, summary
from stages.tables.exported import Exported
from stages.timing.runtimes import FLOAT16, FLOAT32, INT8, OUTSIDE, TORCH
from tests import exported_results, fabricated, laid
from tests.laid import markdown_tables
from tests.test_figures import texts
from tests.test_tables import check_latex, rows_of_tabular

ROWS = ("teacher", "taught", "lone-taught", "real-taught")


def with_exports(names: tuple[str, ...]) -> Params:
    """The params of the current directory with rows to export."""
    settings = params.read()
    content = settings.model_dump()
    content["exports"] = {name: exported_results.row_of(settings, name) for name in names}
    with paths.PARAMS.open("w", encoding="utf-8") as file:
        YAML().dump(content, file)
    return params.read()


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """Results made by hand, of which four rows are exported."""
    monkeypatch.chdir(tmp_path)
    laid.lay(laid.settings())
    found = with_exports(ROWS)
    exported_results.lay(found)
    return found


@pytest.fixture
def table(settings: Params) -> Exported:
    found = exported.of(gathered.load(settings))
    assert found is not None
    return found


def change(name: str, edit: Callable[[dict[str, Any]], object]) -> None:
    """Edit what the export of a row says of itself."""
    content = json.loads(paths.exported(name).read_text(encoding="utf-8"))
    edit(content)
    paths.exported(name).write_text(json.dumps(content), encoding="utf-8")


def line_of(table: Exported, row: str, runtime: str, precision: str) -> Line:
    (found,) = (each for each in table.lines if (each.row, each.runtime, each.precision) == (row, runtime, precision))
    return found


# --- the lines


def test_every_row_has_a_line_for_each_runtime_and_precision(table: Exported) -> None:
    assert [(line.row, line.runtime, line.precision) for line in table.lines] == [
        (name, *kind) for name in ROWS for kind in exports.KINDS
    ]


def test_numbers_are_those_of_proof_and_times(table: Exported) -> None:
    line = line_of(table, "taught", OUTSIDE, INT8)
    assert (line.bytes, line.levels, line.equal) == (63750, 40.0, 0.31)
    assert line.l1 == pytest.approx(0.031 * 1.2)
    assert line.latency_ms == pytest.approx(0.32)
    assert (line.speed_up, line.mac_ratio, line.share) == (2.5, 4.0, 0.625)
    torch = line_of(table, "taught", TORCH, FLOAT32)
    assert (torch.l1, torch.levels, torch.bytes) == (0.031, None, 4000)
    assert line_of(table, "teacher", OUTSIDE, FLOAT32).share is None
    assert line_of(table, "real-taught", TORCH, FLOAT32).l1 == 0.0


def test_what_no_file_can_be_made_of_is_said(settings: Params) -> None:
    why = "the network has no inner convolution"
    change("taught", lambda content: content.update({INT8: {"refused": why}}))
    table = exported.of(gathered.load(settings))
    assert table is not None
    assert len(table.lines) == len(ROWS) * len(exports.KINDS) - 1
    assert f"No int8 file of taught: {why}." in exported.said(table)


def test_a_row_that_nothing_trains_is_refused(settings: Params) -> None:
    row = settings.exports["taught"].model_copy(update={"source": "gone"})
    with pytest.raises(TableError, match="taught of exports"):
        exports.trained(settings.model_copy(update={"exports": {"taught": row}}))


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda content: content[INT8].update(l1=float("nan")), "taught: l1 is nan"),
        (lambda content: content.pop(FLOAT16), "does not speak of float16"),
    ],
)
def test_what_is_no_number_or_lacks_is_refused(
    settings: Params, edit: Callable[[dict[str, Any]], object], says: str
) -> None:
    change("taught", edit)
    with pytest.raises(TableError, match=says):
        exported.of(gathered.load(settings))


def test_without_times_there_are_errors_and_bytes(settings: Params) -> None:
    latency = json.loads(paths.latency().read_text(encoding="utf-8"))
    del latency["exports"]
    paths.latency().write_text(json.dumps(latency), encoding="utf-8")
    table = exported.of(gathered.load(settings))
    assert table is not None
    assert [column.key for column in table.filled()] == ["bytes", "levels", "equal", "l1"]
    assert not any("faster" in sentence for sentence in exported.said(table))


# --- what is said


def test_the_price_of_a_precision_is_over_the_float32_files(table: Exported) -> None:
    price = exports.price(table.lines, INT8)
    assert price is not None
    assert price.smaller == pytest.approx(3.2, rel=1e-4)
    assert price.more_l1 == pytest.approx(0.2)
    assert (price.rows, price.timed, price.faster, price.slower) == (4, 4, 4, 0)


def test_a_slower_or_worse_precision_is_called_so(table: Exported) -> None:
    float32, float16, int8, given_back = exported.said(table)
    assert "by more than 1 of 255 levels (rounding alone does that), and at least 99.980 %" in float32
    assert float16.endswith("Verdict: smaller, slower on this processor, as exact.")
    assert int8.endswith("Verdict: smaller, faster on this processor, worse.")
    assert "ONNX Runtime int8 62 %" in given_back


def test_a_float32_file_that_is_not_the_network_is_called_so(table: Exported) -> None:
    lines = tuple(replace(line, levels=7.0) if line.levels else line for line in table.lines)
    assert "do not rely on them" in exported.said(replace(table, lines=lines))[0]


def test_classifiers_are_judged_by_what_they_mistake(table: Exported) -> None:
    errors = {FLOAT32: 0.02, FLOAT16: 0.02, INT8: 0.05}
    lines = tuple(replace(line, l1_against="network", error=errors[line.precision]) for line in table.lines)
    _, float16, int8, _ = exported.said(replace(table, lines=lines))
    assert "Classifiers mistake +3.0 percentage points more images at most." in int8
    assert int8.endswith("worse.")
    assert "±0.0 percentage points" in float16
    assert float16.endswith("as exact.")
    assert "exact error" not in int8


def test_a_busy_machine_is_told(table: Exported) -> None:
    busy = replace(table, machine={**table.machine, "load_before": 2.0})
    assert any("do not cite" in note for note in exported.notes(busy))
    assert not any("do not cite" in note for note in exported.notes(table))


# --- the formats


def test_the_separated_table_holds_every_line(table: Exported) -> None:
    lines = list(csv.DictReader(io.StringIO(exported.texts(table)["exports.csv"])))
    assert [(line["row"], line["runtime"], line["precision"]) for line in lines] == [
        (line.row, line.runtime, line.precision) for line in table.lines
    ]
    assert float(lines[7]["l1"]) == pytest.approx(0.0372)
    assert lines[4]["levels"] == ""


def test_markdown_rows_fill_the_table_and_lead_to_the_files(table: Exported) -> None:
    text = exported.texts(table)["exports.md"]
    (block,) = markdown_tables(text)
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in block}) == 1
    assert len(block) == 2 + len(table.lines)
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert len(links) == len(ROWS)
    assert all((paths.tables() / each).resolve().is_file() for each in links)


def test_latex_is_sound_and_every_row_fills_the_table(table: Exported) -> None:
    text = exported.texts(table)["exports.tex"]
    check_latex(text)
    declared, widths = rows_of_tabular(text)
    assert set(widths) == {declared}
    assert len(widths) == 2 + len(table.lines)


class Links(HTMLParser):
    """The addresses that a page links, and the headings of its sections."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.sections: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag == "a":
            self.links.append(known["href"] or "")
        if tag == "section":
            self.sections.append(known["id"] or "")


def page(found: gathered.Gathered) -> Links:
    built = summary.tables_of(found)
    return Links(report.page(built, claimed.opening(built), exported.of(found)))


def test_the_page_leads_to_files_and_cards_that_are_there(settings: Params) -> None:
    found = gathered.load(settings)
    for part, each in summary.tables_of(found):
        for name, text in cards.texts(part, each).items():
            paths.cards().mkdir(parents=True, exist_ok=True)
            (paths.cards() / name).write_text(text, encoding="utf-8")
    shown = page(found)
    assert "exports" in shown.sections
    outside = [link for link in shown.links if not link.startswith("#")]
    assert len(outside) == 2 * len(ROWS)
    assert all((paths.page().parent / link).resolve().is_file() for link in outside)


def test_cards_lead_to_the_files_of_their_problem(settings: Params) -> None:
    found = gathered.load(settings)
    made = cards.texts(found, summary.build(found))
    links = {name: re.findall(r"\]\((\.\./[^)]*onnx)\)", text) for name, text in made.items()}
    assert {name: len(each) for name, each in links.items()} == {"set1.md": 2, "set2.md": 1, "real_world.md": 1}
    assert all((paths.cards() / each).resolve().is_file() for some in links.values() for each in some)
    assert (
        "`taught`, seed 0: [generator.onnx](../../results/networks/taught/generator.onnx), 204 kB." in made["set1.md"]
    )


@pytest.mark.usefixtures("settings")
def test_the_stage_writes_the_same_bytes_twice() -> None:
    write_tables.main()
    first = {file: file.read_bytes() for file in paths.tables().iterdir()}
    assert {"exports.csv", "exports.md", "exports.tex"} <= {file.name for file in first}
    write_tables.main()
    assert {file: file.read_bytes() for file in paths.tables().iterdir()} == first


def test_where_nothing_is_exported_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    laid.lay(laid.settings())
    found = gathered.load(params.read())
    assert exported.of(found) is None
    shown = page(found)
    assert "exports" not in shown.sections
    assert not [link for link in shown.links if not link.startswith("#")]
    assert "onnx" not in "".join(cards.texts(found, summary.build(found)).values())


# --- the figure


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[style.Drawn]:
    """The figure of rows of four problems, of which one has no exact images."""
    place = tmp_path_factory.mktemp("exported")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        paths.PARAMS.write_text(fabricated.SMOKE, encoding="utf-8")
        paths.GRAPH.write_text(fabricated.GRAPH, encoding="utf-8")
        rows = fabricated.fabricate().variants
        paths.latency().write_text(json.dumps({"machine": {}, "networks": {}, "variants": {}}), encoding="utf-8")
        names = [name for name, row in rows.items() if row.compression == "none" or name.endswith("-none")]
        patch.setattr(exported_results, "PROMISED", {"joint": "network"})
        exported_results.lay(with_exports(tuple(names)))
        (found,) = figure.figures(evidence.load())
        with rc_context(style.RULES):
            assert found.figure
        yield found


def test_every_problem_has_a_panel_of_bytes_and_one_of_times(drawn: style.Drawn) -> None:
    assert len(drawn.figure.axes) == 2 * 4
    assert {axes.get_ylabel() for axes in drawn.figure.axes[::2]} == {figure.EXACT, figure.APART_FROM}
    assert all((Path() / each).exists() for each in drawn.inputs)


def test_no_text_of_the_figure_stands_on_another(drawn: style.Drawn) -> None:
    places = list(texts(drawn.figure).items())
    for index, (name, box) in enumerate(places):
        for other, beside in places[index + 1 :]:
            assert not box.shrunk(0.9, 0.8).overlaps(beside.shrunk(0.9, 0.8)), f"{name} on {other}"


def test_every_file_is_a_mark_at_its_error(drawn: style.Drawn) -> None:
    settings = params.read()
    lines = exports.lines(
        settings, json.loads(paths.latency().read_text()), json.loads(paths.costs().read_text())["variants"]
    )
    wanted = sorted(1e3 * line.l1 for line in lines if line.problem == "set1" and line.runtime == OUTSIDE and line.l1)
    marks = [each for each in drawn.figure.axes[0].lines if each.get_marker() != "None"]
    assert sorted(float(each.get_ydata()[0]) for each in marks) == pytest.approx(wanted)  # type: ignore[index, arg-type]


@pytest.mark.usefixtures("drawn")
def test_the_figure_is_among_all_and_not_where_nothing_is_exported() -> None:
    found = evidence.load()
    assert "exports" in [each.name for each in plot_figures.drawings(found)]
    none = replace(found, settings=found.settings.model_copy(update={"exports": {}}))
    assert "exports" not in [each.name for each in plot_figures.drawings(none)]


@pytest.mark.parametrize(("low", "high"), [(0.3, 2.0), (65e3, 816e3), (230e3, 900e3), (1.0, 1.6), (1e3, 9e6)])
def test_ticks_are_round_apart_and_two_at_least(low: float, high: float) -> None:
    found = figure.ticks(low, high)
    assert len(found) >= 2
    assert found == sorted(found)
    assert all(low <= each <= high for each in found)
