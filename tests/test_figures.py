"""Figures: all are listed, the same bytes twice, no text on another, and hatched where there is no evidence."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fontTools.ttLib import TTFont
from matplotlib import font_manager, rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox
from PIL import Image
from ruamel.yaml import YAML

from stages import plot_figures
from stages.figures import (
    architecture,
    curves,
    evidence,
    excerpt,
    factorial,
    flow,
    fonts,
    forest,
    gallery,
    gradients,
    pareto,
    pipeline,
    problems,
    regain,
    sanity,
    style,
    summary,
    tiles,
    twofold,
    written,
)
from stages.figures.evidence import Effect, Evidence
from stages.figures.excerpt import Block
from stages.figures.regain import Gap, Metric
from stages.figures.style import Drawn
from stages.findings import naming
from stages.findings.comparing import taught
from stages.findings.dictionary import Column, Problem
from stages.settings import paths
from stages.tables import pictures
from tests import columns_of_rows
from tests.fabricated import GRAPH, SMOKE, fabricate, people

ROOT = Path(__file__).resolve().parents[1]
ERROR = Column("l1", "pixels", "min", "", "exact error", "")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Fabricated results at the smoke scale, and the figures of them."""
    place = tmp_path_factory.mktemp("figures")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        paths.PARAMS.write_text(SMOKE, encoding="utf-8")
        paths.GRAPH.write_text(GRAPH, encoding="utf-8")
        fabricate()
        plot_figures.main()
        yield place


@pytest.fixture(scope="module")
def drawn(folder: Path) -> list[Drawn]:  # noqa: ARG001 - the current directory
    return list(plot_figures.drawings(evidence.load()))


def on_disk() -> dict[str, bytes]:
    """Every file of the figures, and what lists them."""
    return {path.name: path.read_bytes() for path in (*paths.figures().iterdir(), paths.manifest())}


def beyond(figure: Figure) -> set[Text]:
    """The labels of ticks outside an axis, which matplotlib keeps and does not draw."""
    found = set()
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        low, high = sorted(axis.get_view_interval())
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not low <= tick.get_loc() <= high:
                found |= {tick.label1, tick.label2}
    return found


def texts(figure: Figure) -> dict[str, Bbox]:
    """Where every visible text is, in pixels; equal ones are told apart by a number."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    found, unseen = {}, beyond(figure)
    for index, text in enumerate(figure.findobj(Text)):
        if text.get_visible() and text.get_text().strip() and text not in unseen:
            found[f"{index}: {text.get_text()}"] = text.get_window_extent(renderer)
    return found


def test_the_same_results_give_the_same_bytes(folder: Path) -> None:  # noqa: ARG001 - the current directory
    first = on_disk()
    plot_figures.main()
    assert on_disk() == first


def test_the_manifest_lists_every_file_and_no_other(folder: Path) -> None:  # noqa: ARG001 - the current directory
    files = on_disk()
    manifest = json.loads(files.pop(paths.manifest().name))
    listed = {name: sha for each in manifest.values() for name, sha in each["files"].items()}
    assert listed == {name: plot_figures.digest(content) for name, content in files.items()}
    for name, each in manifest.items():
        assert set(each["files"]) == {f"{name}.{suffix}" for suffix in written.FORMATS}
        assert each["inputs"], f"{name} says not what it was drawn from"
        for path, sha in each["inputs"].items():
            assert sha == plot_figures.digest(Path(path).read_bytes())
            assert path in ("params.yaml", "dvc.yaml") or path.startswith("results/")


def test_what_was_left_by_removed_rows_is_taken_away(folder: Path) -> None:  # noqa: ARG001 - the current directory
    stale = paths.figure("gallery-gone.svg")
    stale.write_text("", encoding="utf-8")
    plot_figures.tidy({"forest"}, [stale])
    assert not stale.exists()


def test_no_file_says_when_it_was_made(folder: Path) -> None:  # noqa: ARG001 - the current directory
    for name, content in on_disk().items():
        assert b"CreationDate" not in content, name
        assert b"dc:date" not in content, name
        if name != paths.manifest().name:
            assert b"stage plot_figures" in content, f"{name} says not which stage made it"


def test_fonts_are_embedded_as_truetype(drawn: list[Drawn]) -> None:
    content = written.files(drawn[0], "test")[f"{drawn[0].name}.pdf"]
    assert b"/FontFile2" in content
    assert b"/Type3" not in content


def test_glyphs_of_a_small_font_have_the_outlines_and_widths_of_the_whole_one() -> None:
    file = font_manager.findfont("DejaVu Sans")
    places = fonts.small(file).places
    with TTFont(file) as whole, TTFont(io.BytesIO(fonts.small(file).content)) as small:
        assert len(places) < len(whole.getGlyphOrder()) / 5
        assert not set(fonts.LAYOUT) & set(small.keys())
        known, order, kept = whole.getBestCmap(), whole.getGlyphOrder(), small.getGlyphOrder()
        for letter in "Aéλ†×−≤":
            name = known[ord(letter)]
            assert kept[places[order.index(name)]] == name
            assert small["hmtx"][name] == whole["hmtx"][name]
            assert small["glyf"][name].getCoordinates(small["glyf"]) == whole["glyf"][name].getCoordinates(
                whole["glyf"]
            )


@pytest.mark.parametrize("letters", ["plain", "snow ☃"])
def test_letters_within_and_beyond_the_small_font_are_embedded_alike(letters: str) -> None:

    def pdf() -> bytes:
        figure = Figure(figsize=(1, 1))
        figure.text(0.1, 0.5, letters)
        return twofold.vectors(figure, {"CreationDate": None}, {"Date": None})["pdf"]

    with rc_context({**style.RULES, "pdf.compression": 0}):
        plain = pdf()
        with fonts.cut_twice():
            cut = pdf()
    widths = re.compile(rb"\[ (?:\d+ \[[^]]*\] ?)+\]")
    assert widths.findall(cut) == widths.findall(plain) != []
    assert len(cut) < len(plain)


def test_one_drawing_gives_the_files_that_two_would(drawn: list[Drawn]) -> None:
    """PDF: the same bytes. SVG: the same marks, and no number apart by more than a twentieth of a point."""
    number = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")
    for name in ("forest", "gallery-set1", "curves-set1", "factorial", "summary"):
        figure = next(each.figure for each in drawn if each.name == name)
        alone: dict[str, bytes] = {}
        with rc_context(style.RULES):
            for suffix, about in {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.items():
                file = io.BytesIO()
                figure.savefig(file, format=suffix, metadata=about)
                alone[suffix] = file.getvalue()
            both = twofold.vectors(figure, {"CreationDate": None}, {"Date": None})
        assert both["pdf"] == alone["pdf"], name
        texts = [content["svg"].decode() for content in (both, alone)]
        assert number.sub("#", texts[0]) == number.sub("#", texts[1]), name
        mine, theirs = ([float(each) for each in number.findall(text)] for text in texts)
        np.testing.assert_allclose(mine, theirs, atol=0.05)


def test_a_figure_is_written_by_one_process_alone(tmp_path: Path) -> None:
    turn = tmp_path / "3"
    assert [plot_figures.taken(turn), plot_figures.taken(turn)] == [False, True]


def test_every_text_is_inside_its_canvas(drawn: list[Drawn]) -> None:
    for each in drawn:
        canvas = each.figure.bbox.padded(1)
        for text, box in texts(each.figure).items():
            corners = box.corners()
            assert canvas.count_contains(corners) == len(corners), f"{each.name}: {text!r} leaves the canvas"


@pytest.mark.parametrize(
    "kind",
    [
        "architecture", "gallery", "counterfactuals", "factorial", "forest", "weights", "curves", "summary",
        "judge-sanity", "pipeline",
    ],
)  # fmt: skip
def test_no_text_covers_another(drawn: list[Drawn], kind: str) -> None:
    chosen = [each for each in drawn if each.name.startswith(kind)]
    assert chosen
    for each in chosen:
        boxes = [(text, box.padded(-1)) for text, box in texts(each.figure).items()]
        for index, (text, box) in enumerate(boxes):
            for other, theirs in boxes[:index]:
                assert not box.overlaps(theirs), f"{each.name}: {text!r} covers {other!r}"


def test_cells_without_evidence_are_hatched(drawn: list[Drawn]) -> None:
    figure = next(each.figure for each in drawn if each.name == "factorial")
    cells = [patch for axes in figure.axes for patch in axes.patches]
    panels = factorial.panels(evidence.load(), ERROR)
    unproven = [e for panel in panels for e, _ in panel.cells.values() if not e.proven]
    assert unproven
    assert len([cell for cell in cells if cell.get_hatch()]) == len(unproven)
    assert len(cells) > len(unproven), "fabricated effects of several seeds should be evidence"


def test_means_of_the_factorial_are_those_of_the_table_on_one_page(drawn: list[Drawn]) -> None:
    figure = next(each.figure for each in drawn if each.name == "factorial")
    axes = figure.axes[-1]
    found = evidence.load()
    lines = [line for line in found.factorial if line["metric"] == "l1"]
    effects = {line["effect"] for line in lines}
    shown = [
        float(np.asarray(line.get_xdata())[0]) / 100 for line in axes.lines
        if len(np.asarray(line.get_xdata())) == 1 and line.get_marker() not in ("<", ">")
    ]  # fmt: skip
    of_all = sorted(float(line["difference"]) for line in lines if line["over"] == "all")
    assert effects
    assert len(of_all) == len(effects)
    alone = len({line["over"] for line in lines}) == 2
    expected = of_all if alone else sorted(float(line["difference"]) for line in lines)
    np.testing.assert_allclose(sorted(shown), expected, atol=1e-9)
    assert figure.get_size_inches()[1] <= style.TALLEST


def test_one_seed_and_an_interval_with_zero_look_different() -> None:
    scale = Normalize(-1, 1)
    proven = factorial.tile(0, 0, Effect("a", -0.5, -0.6, -0.4, "better"), scale, "min")
    unsure = factorial.tile(0, 0, Effect("b", -0.5, -1.2, 0.2, "no evidence"), scale, "min")
    single = factorial.tile(0, 0, Effect("c", -0.5, None, None, "single seed"), scale, "min")
    assert proven.get_hatch() is None
    same = factorial.tile(0, 0, Effect("d", 0.0, -0.05, 0.05, "no difference"), scale, "min")
    assert len({unsure.get_hatch(), single.get_hatch(), same.get_hatch(), None}) == 4
    assert sum(unsure.get_facecolor()) > sum(proven.get_facecolor())


def test_every_problem_has_a_gallery_and_every_distinct_lesson_a_diagram(drawn: list[Drawn]) -> None:
    found, names = evidence.load(), {each.name for each in drawn}
    assert {f"gallery-{problem}" for problem in found.problems()} <= names
    shown = [row for _, rows in architecture.distinct(found) for row in rows]
    assert sorted(shown) == sorted(name for name, row in found.rows.items() if taught(row))


def test_a_gallery_shows_the_pixels_that_were_evaluated(folder: Path) -> None:  # noqa: ARG001 - the current directory
    found = evidence.load()
    name = str(found.teacher("joint"))
    settings = found.settings
    for (images, exact), sheet in zip(
        people(settings, settings.teachers["joint"]), tiles.read(found, name).values(), strict=True
    ):
        assert sheet.given is not None
        np.testing.assert_array_equal(sheet.given, images)
        np.testing.assert_array_equal(sheet.exact, exact)


def test_diagrams_follow_the_row(folder: Path) -> None:  # noqa: ARG001 - the current directory
    found = evidence.load()
    pairs = {name: architecture.pairs_of(found, row) for name, row in found.rows.items() if taught(row)}
    three, two = pairs["set1-w4b3-fr135"][0], pairs["set1-w4b3-fr5out"][0]
    blocks = [index for index, unit in enumerate(three.teacher.units) if unit.kind == "block"]
    assert len(blocks) == 6
    assert [each.teacher for each in three.joins] == [blocks[1], blocks[3], blocks[5]]
    assert [each.student - three.joins[0].student for each in three.joins] == [0, 1, 2]
    assert two.joins[1].teacher == len(two.teacher.units) - 1
    assert two.joins[1].adapter is None
    assert two.joins[0].adapter == (two.student.channels["res2"], two.teacher.channels["res5"])
    assert not two.joins[0].on_teacher
    assert len(pairs["set1-w4b3-d-fr5out"]) == 2
    assert three.teacher.parameters == found.costs["teachers"]["set1"]["networks"]["generator"]["parameters"]


def test_the_diagram_of_a_point_has_a_file_of_its_own(folder: Path) -> None:  # noqa: ARG001 - the current directory
    found = evidence.load()
    row = found.rows["set1-w4b3-fr135"]
    name = "again/fr135"
    costs = {**found.costs, "variants": {name: found.costs["variants"]["set1-w4b3-fr135"]}}
    one = replace(found, rows={name: row}, lines={name: []}, costs=costs)
    drawn = {each.name: each.title for each in architecture.figures(one)}
    assert list(drawn) == ["architecture-again-fr135", "architectures"]
    assert pictures.diagrams(drawn) == {name: "architecture-again-fr135"}


def test_a_front_is_what_nothing_dominates() -> None:
    costs_and_errors = {"cheap": (1, 5), "middle": (2, 3), "worse": (2, 4), "dear": (3, 3), "best": (4, 1)}
    points = [pareto.Point(name, cost, error, error, error) for name, (cost, error) in costs_and_errors.items()]
    assert pareto.front(points, "min") == {"cheap", "middle", "best"}
    assert pareto.front(points, "max") == {"cheap"}


def test_persons_are_chosen_by_the_exact_image_alone() -> None:
    given = np.zeros((3, 2, 2, 3), np.uint8)
    exact = np.zeros((3, 1, 2, 2, 3), np.uint8)
    exact[2] = 9
    sheet = tiles.Tiles(("a",), exact, given, exact)
    assert gallery.people(sheet, 1) == [[2]]


def test_few_rows_give_sentences_instead_of_a_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    kept = ("set1-teacher:", "set1-w4b3-none:")
    head, _, rest = SMOKE.partition("variants:\n")
    rows = [line for line in rest.splitlines() if not line.startswith("  set1-") or line.strip().startswith(kept)]
    few = [line for line in rows if not line.startswith("  joint-")]
    paths.PARAMS.write_text("\n".join([f"{head}variants:", *few]) + "\n", encoding="utf-8")
    paths.GRAPH.write_text(GRAPH, encoding="utf-8")
    fabricate()
    found = {each.name: each.figure for each in plot_figures.drawings(evidence.load())}
    for name in ("factorial", "forest", "weights", "architectures", "summary", "evidence"):
        assert any(len(text) > 40 for text in texts(found[name])), f"{name} does not say why it is empty"


def test_hatches_do_not_blow_figures_up(folder: Path) -> None:  # noqa: ARG001 - the current directory
    for file in paths.figures().glob("*.svg"):
        if b"<image" not in (content := file.read_bytes()):
            assert len(content) < 600_000, f"{file.name} has {len(content)} bytes"
    assert paths.figure("factorial.svg").stat().st_size < 200_000


def test_a_palette_changes_no_colour_by_more_than_the_eye_sees(drawn: list[Drawn]) -> None:
    figure = next(each.figure for each in drawn if each.name == "forest")
    with rc_context(style.RULES):
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        shown = np.asarray(Image.open(io.BytesIO(written.raster(figure, {}))).convert("RGB")).astype(int)
    assert np.abs(shown - np.asarray(canvas.buffer_rgba())[..., :3]).max() <= 24
    assert (shown[0, 0] == 255).all(), "white has to stay white"


def test_many_colours_still_fit_a_palette() -> None:
    dots = np.random.default_rng(0).integers(0, 256, (64, 64, 4), dtype=np.uint8)
    assert written.palettised(dots).mode == "P"


def without_exact_images(found: Evidence, problem: str) -> Evidence:
    """The same, were the images of a problem photographs, which have no exact translation."""
    blank = {name for name, row in found.rows.items() if row.problem == problem}
    none = {"l1": "", "l1_low": "", "l1_high": "", "reference_input_l1": ""}
    return replace(
        found,
        dictionary=replace(
            found.dictionary, problems={**found.dictionary.problems, problem: Problem("translation", "fid_judge")}
        ),
        lines={n: [{**line, **(none if n in blank else {})} for line in lines] for n, lines in found.lines.items()},
    )


def test_a_problem_without_exact_images_changes_no_other(folder: Path) -> None:  # noqa: ARG001
    found = evidence.load()
    mixed = without_exact_images(found, "joint")
    parts = {end: (column.name, set(part.problems())) for end, column, part in evidence.by_headline(mixed)}
    assert (parts[""], parts["-fid-judge"]) == (("l1", {"set1"}), ("fid_judge", {"joint"}))
    with rc_context(style.RULES):
        before, after = ({each.name: each for each in plot_figures.drawings(one)} for one in (found, mixed))
        assert {"pareto-l1", "forest", "factorial", "weights"} <= set(after)
        for name in ("forest", "factorial", "weights"):
            assert list(texts(after[name].figure)) == list(texts(before[name].figure)), name
        assert "exact error" in " ".join(texts(after["pareto-l1"].figure))


def test_rows_that_make_no_images_are_left_to_other_figures(folder: Path) -> None:  # noqa: ARG001
    found = evidence.load()
    names = [name for name, row in found.rows.items() if row.problem == "joint"]
    answers = {"protocol": {"datasets": {}}, "seeds": {"0": {"overall": {}}}}
    blank = dict.fromkeys(columns_of_rows.TRANSLATED, "") | {"error": "0.1"}
    without = replace(
        found,
        rows={
            n: row.model_copy(update={"examination": "recall"}) if n in names else row for n, row in found.rows.items()
        },
        dictionary=replace(
            found.dictionary,
            columns={**found.dictionary.columns, "error": replace(ERROR, name="error")},
            problems={**found.dictionary.problems, "joint": Problem("recall", "error")},
        ),
        lines={n: [{**line, **(blank if n in names else {})} for line in lines] for n, lines in found.lines.items()},
        reports={n: answers if n in names else each for n, each in found.reports.items()},
    )
    kept = tiles.pictured(without)
    assert set(kept.rows) == set(found.rows) - set(names)
    assert "joint" not in kept.teachers
    assert set(without.of("recall").rows) == set(names)
    with rc_context(style.RULES):
        drawn = {each.name for each in plot_figures.drawings(without)}
    assert "gallery-set1" in drawn
    assert {name for name in drawn if "joint" in name or "recall" in name} <= {"curves-joint", "curves-teachers-recall"}


def test_a_subset_leaves_the_params_as_they_are(folder: Path) -> None:  # noqa: ARG001 - the current directory
    found = evidence.load()
    part = found.only(["set1-teacher", "set1-w4b3-none"])
    assert part.settings is found.settings
    assert set(part.rows) == set(part.lines) == set(part.reports) == {"set1-teacher", "set1-w4b3-none"}
    assert {line["name"] for line in part.curves} == {"set1", "set1-w4b3-none"}
    assert list(part.teachers) == ["set1"]


def with_gradients(found: Evidence, name: str) -> Evidence:
    """The same, had a row asked for evidence: measured at every second point of its curves."""
    measured = [{"evidence/weight": "0.5", "evidence/cosine": "-0.25"}, {"evidence/weight": "", "evidence/cosine": ""}]
    curves = [{**line, **measured[place % 2 if line["name"] == name else 1]} for place, line in enumerate(found.curves)]
    rows = {**found.rows, name: found.rows[name].model_copy(update={"evidence": 2})}
    return replace(found, rows=rows, curves=curves)


def test_evidence_is_shown_of_the_rows_that_asked_and_is_no_loss(folder: Path) -> None:  # noqa: ARG001
    found = with_gradients(evidence.load(), "set1-w4b3-fr5out")
    with rc_context(style.RULES):
        (drawn,) = gradients.figures(found)
        words = list(texts(drawn.figure))
        losses = [word for each in curves.figures(found) for word in texts(each.figure)]
    assert sum("FR5OUT" in word for word in words) == 1
    weight, cosine, _ = drawn.figure.axes
    assert {float(value) for line in cosine.lines[:-1] for value in np.asarray(line.get_ydata())} == {-0.25}
    assert {float(value) for line in weight.lines for value in np.asarray(line.get_ydata())} == {0.5}
    assert not [word for word in losses if "cosine" in word]


def test_the_page_shows_every_problem_with_its_control_and_lessons(folder: Path) -> None:  # noqa: ARG001
    found = evidence.load()
    shown = problems.blocks(found)
    assert {block.problem for block in shown} == {found.rows[line["variant"]].problem for line in found.comparisons}
    for block in shown:
        rows = [found.rows[name] for name in (block.control, *block.taught)]
        assert not taught(rows[0])
        assert all(taught(row) for row in rows[1:])
        assert len({evidence.group(row) for row in rows}) == 1
        assert found.rows[block.teacher].compression == "none"


def test_the_lesson_in_the_pictures_is_chosen_by_what_it_matches(folder: Path) -> None:  # noqa: ARG001
    found = evidence.load()
    block = next(each for each in problems.blocks(found) if each.problem == "set1")
    best = excerpt.lesson(found, block)
    worse = replace(found, lines={name: [{**line, "l1": "9"} for line in found.lines[name]] for name in found.lines})
    assert "image" in found.rows[best].generator_lesson["match"]
    assert found.rows[best].distill.discriminator == "none"
    assert excerpt.lesson(worse, block) == best


def block_of(problem: str, *taught: str) -> Block:
    """A block of rows that are not there."""
    return Block(problem, f"{problem}-teacher", f"{problem}-none", taught)


def with_rows(found: Evidence, rows: dict[str, tuple[str, int]]) -> Evidence:
    """The same, with further untaught rows: of which family, and with how many seeds."""
    like = next(row for row in found.rows.values() if not taught(row) and row.compression != "none")
    more = {f"{name}-none": like.model_copy(update={"family": family}) for name, (family, _) in rows.items()}
    lines = {f"{name}-none": [{"seed": str(i)} for i in range(seeds)] for name, (_, seeds) in rows.items()}
    return replace(found, rows={**found.rows, **more}, lines={**found.lines, **lines})


def test_the_summary_shows_three_problems_at_most_families_in_turn_most_seeds_first(folder: Path) -> None:  # noqa: ARG001
    problems_of = {"a": ("one", 1), "b": ("one", 5), "c": ("one", 3), "d": ("other", 2)}
    found = with_rows(evidence.load(), problems_of)
    blocks = [block_of(name, f"{name}-taught") for name in problems_of]
    assert [block.problem for block in summary.leading(found, blocks)] == ["b", "d", "c"]
    assert summary.largest([block_of("a", "x"), block_of("a", "x", "y"), block_of("b", "x")]) == [
        block_of("a", "x", "y"), block_of("b", "x"),
    ]  # fmt: skip


def test_a_problem_that_repeats_another_with_a_second_teacher_comes_last(folder: Path) -> None:  # noqa: ARG001
    found = with_rows(evidence.load(), {"a": ("one", 5), "b": ("one", 2), "c": ("other", 2)})
    first = found.rows["a-none"].teacher
    assert not summary.repeats(found)
    second = found.settings.teachers[first].model_copy(update={"seed": 7})
    settings = found.settings.model_copy(update={"teachers": {**found.settings.teachers, "second": second}})
    again = found.rows["a-none"].model_copy(update={"teacher": "second"})
    found = replace(found, settings=settings, rows={**found.rows, "a-none": again})
    assert summary.repeats(found) == {"second"}
    blocks = [block_of(name, f"{name}-taught") for name in ("a", "b", "c")]
    assert [block.problem for block in summary.leading(found, blocks)] == ["b", "c", "a"]


def test_the_summary_has_a_line_for_every_kind_of_examination_and_fits_one_screen(folder: Path) -> None:  # noqa: ARG001
    found = evidence.load()
    assert [line.examination for line in summary.lines(found)] == found.examinations()
    (drawn,) = summary.figures(found)
    wide, _ = drawn.figure.get_size_inches()
    assert wide == style.PAGE
    shown = 838 / wide / 72
    with rc_context(style.RULES):
        words = [text for text in drawn.figure.findobj(Text) if text.get_text().strip()]
    assert min(text.get_fontsize() for text in words) * shown >= 9, "smallest letters, in pixels of README's column"


@pytest.mark.parametrize("share", [-3.0, -0.2, 0.4, 1.0, 2.5])
def test_bars_of_the_summary_end_where_the_share_lies_or_at_the_edge(share: float) -> None:
    teacher, control = 1.0, 5.0
    value = control - share * (control - teacher)
    effect = Effect("a", value / control - 1, value / control - 1.1, value / control - 0.9, "no evidence")
    gap = Gap(Metric("m", "m", "min"), teacher, control, {"a": value}, {}, {"a": effect}, None)
    low, high = gap.bounds("a") or (0.0, 0.0)
    assert (low + high) / 2 == pytest.approx(share)
    axes = Figure().add_subplot()
    assert summary.share(axes, gap, "a", 0.5) == f"{round(share * 100)} %".replace("-", "−")
    (bar,) = axes.patches
    corners = bar.get_patch_transform().transform(bar.get_path().vertices)[:, 0]
    end = min(max(share, summary.LIMITS[0]), summary.LIMITS[1])
    assert sorted({float(x) for x in corners.round(9)}) == pytest.approx(sorted([0.0, end]))
    arrows = {line.get_marker() for line in axes.lines} & {"<", ">"}
    assert arrows == ({"<"} if low < summary.LIMITS[0] else set()) | ({">"} if high > summary.LIMITS[1] else set())


def test_a_student_that_is_as_good_as_its_teacher_lost_nothing() -> None:
    extents = {"t": (0.9, 1.1), "c": (1.05, 1.3), "far": (1.2, 1.3)}
    gap = Gap(Metric("m", "m", "min"), 1.0, 1.2, {}, extents, {}, None)
    assert not summary.lost(gap, Block("p", "t", "c", ()))
    assert summary.lost(gap, Block("p", "t", "far", ()))


@pytest.mark.parametrize(("error", "wrong"), [(0.0, 0), (0.05, 20), (1.0, 400)])
def test_squares_of_answers_show_the_share_that_is_wrong(error: float, wrong: int) -> None:
    squares = summary.answers(error)[:: summary.CELL, :: summary.CELL].reshape(-1, 3)
    assert (squares == summary.WRONG_ANSWER).all(axis=1).sum() == wrong
    assert (squares == summary.RIGHT_ANSWER).all(axis=1).sum() == len(squares) - wrong


def test_of_a_grid_of_lessons_the_middle_one_is_shown(folder: Path) -> None:  # noqa: ARG001
    found = evidence.load()
    like = next(row for row in found.rows.values() if taught(row))
    grid = {
        f"{alpha}-{temperature}": like.model_copy(
            update={"generator_lesson": {"alpha": alpha, "temperature": temperature}}
        )
        for alpha in (0.2, 0.5, 0.8, 1.0)
        for temperature in (1, 2, 4)
    }
    assert excerpt.middle(replace(found, rows=grid), list(grid)) == "0.5-2"
    assert excerpt.middle(replace(found, rows=grid), list(reversed(grid))) == "0.5-2"


@pytest.mark.parametrize("far", [(-0.9, 0.8), (-0.1, 2.0), (-3.0, -0.01)])
def test_an_interval_that_leaves_the_axis_ends_in_an_arrow_there(far: tuple[float, float]) -> None:
    measured = {
        "a": Effect("a", -0.1, -0.15, -0.05, "better"),
        "b": Effect("b", sum(far) / 20, *far, "no evidence"),
    }
    reach = forest.reach(measured.values())
    assert reach >= 100 * max(abs(each.share) for each in measured.values())
    axes = Figure().add_subplot()
    forest.draw(axes, measured, {"a": 1.0, "b": 2.0}, "min")
    assert axes.get_xlim() == (-reach, reach)
    arrows = [float(np.asarray(line.get_xdata())[0]) for line in axes.lines if line.get_marker() in ("<", ">")]
    assert arrows == [*([-reach] if far[0] * 100 < -reach else []), *([reach] if far[1] * 100 > reach else [])]
    assert forest.leaves(measured.values(), reach) == bool(arrows)


def test_parts_of_lessons_are_called_as_rows_are(folder: Path) -> None:  # noqa: ARG001
    found = evidence.load()
    like = next(row for row in found.rows.values() if taught(row))
    blocks = like.model_copy(
        update={"generator_lesson": {"image": {"weight": 1.0}, "intermediate": {"match": {"forth.res3": "forth.res3"}}}}
    )
    others = like.model_copy(update={"generator_lesson": {"intermediate": {"match": {"up3": "up3"}}}})
    assert naming.spoken(blocks, "intermediate + relation") == "block + relation"
    assert naming.spoken(others, "intermediate") == "intermediate"


@pytest.mark.parametrize(("better", "taught", "share"), [("min", 2.0, 0.75), ("max", 0.5, -0.125), ("min", 0.0, 1.25)])
def test_what_was_won_back_is_a_share_of_what_was_lost(better: str, taught: float, share: float) -> None:
    teacher, control = (1.0, 5.0) if better == "min" else (5.0, 1.0)
    metric = Metric("m", "m", better)
    gap = Gap(metric, teacher, control, {"a": taught}, dict.fromkeys("tca", (0.0, 6.0)), {}, None)
    assert gap.won("a") == pytest.approx(share)
    axes = Figure().add_subplot()
    regain.draw(axes, gap, "t", "c")
    left, right = axes.get_xlim()
    assert (left < right) == (better == "min"), "better has to be left"


@pytest.mark.parametrize("control", [1.0, 0.9])
def test_a_student_that_lost_nothing_has_no_share(control: float) -> None:
    assert Gap(Metric("m", "m", "min"), 1.0, control, {"a": 0.5}, {}, {}, None).won("a") is None


def test_errors_are_zero_at_the_exact_image_and_darker_where_greater() -> None:
    exact = np.zeros((1, 256, 3), np.uint8)
    made = np.arange(256, dtype=np.uint8)[None, :, None].repeat(3, axis=2)
    shown = tiles.error(made, exact).astype(float) @ (0.299, 0.587, 0.114)
    assert (np.diff(shown[0]) <= 0.6).all(), "grey print has to keep the order of errors"
    assert shown[0, 0] > 230
    assert shown[0, 128] == shown[0, 255] < 40
    assert (tiles.error(exact, exact) == tiles.error(exact, exact)[0, 0]).all()


def test_error_maps_stand_below_their_own_pictures(folder: Path) -> None:  # noqa: ARG001 - the current directory
    found = evidence.load()
    for problem in found.problems():
        lines = gallery.plan(tiles.read(found, str(found.teacher(problem))))
        errors = [i for i, line in enumerate(lines) if line.error]
        assert errors
        for place in errors:
            assert lines[place - 1] == replace(lines[place], error=False)


def test_less_damage_that_scores_more_is_marked() -> None:
    assert sanity.falling([0.0, 3.0, 2.0, 4.0]) == [2]
    assert sanity.falling([-1.0, 0.0, 5.0]) == []


def test_the_pipeline_is_drawn_as_dvc_runs_it(folder: Path) -> None:  # noqa: ARG001 - the current directory
    found = evidence.load()
    stages = flow.stages(found.settings)
    by_name = {each.name: each for each in stages}
    assert len(by_name["distill_students"].items) == len(found.rows)
    assert by_name["count_costs"].items == ("",)
    assert flow.flows(by_name["build_teachers"], by_name["distill_students"]) == ["teachers"]
    assert flow.flows(by_name["distill_students"], by_name["evaluate_quality"]) == ["students"]
    assert not flow.flows(by_name["build_judges"], by_name["distill_students"])
    for place, writer in enumerate(stages):
        assert not [reader.name for reader in stages[: place + 1] if flow.flows(writer, reader)]
    for reader in stages:
        made = [dep for dep in reader.deps if dep.startswith(("data/", "results/"))]
        written = [out for each in stages for out in each.outs]
        assert all(any(flow.meets(out, dep) for out in written) for dep in made)


def test_the_pipeline_tells_no_time_of_what_runs_after_it(folder: Path) -> None:  # noqa: ARG001
    assert paths.provenance("plot_figures", "").exists()
    (drawn,) = pipeline.figures(evidence.load())
    recorded = {path.stem for path in drawn.inputs if path.parent == paths.provenances()}
    assert recorded == {"count_costs", "gather_curves", "gather_results"}


def test_the_published_pipeline_has_the_stages_of_the_published_run() -> None:
    file = ROOT / paths.figure("pipeline.svg")
    if not file.exists():
        pytest.skip("paper_figures/figures/pipeline.svg is not there yet")
    lines = set(re.findall(r"<!-- (.+?) -->", file.read_text(encoding="utf-8")))
    lock = YAML(typ="safe").load((ROOT / paths.LOCK).read_text(encoding="utf-8"))["stages"]
    ran = dict.fromkeys(item.partition("@")[0] for item in lock)
    missing = [name for name in ran if not lines >= set(pipeline.broken(name))]
    assert not missing, f"the drawn pipeline lacks {missing}; DVC cannot know: run `dvc repro -f -s plot_figures`"


@pytest.mark.parametrize(("seconds", "text"), [(0.42, "0.4 s"), (12.4, "12 s"), (90.0, "1.5 min"), (5400.0, "1.5 h")])
def test_times_are_short(seconds: float, text: str) -> None:
    assert pipeline.clock(seconds) == text
