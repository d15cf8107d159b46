"""The summary says the same in every format, marks what its numbers bear out, and no name can break it."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stages import write_tables
from stages.harness.findings import tables
from stages.harness.settings import params, paths, yaml_text
from stages.harness.settings.rows import Params
from stages.tables import gathered, latex, markdown, readme, summary
from stages.tables.columns import decimals, written
from stages.tables.gathered import Gathered
from stages.tables.marks import marks, pooled
from stages.tables.summary import Table
from tests.smallest import TEXT

ROOT = Path(__file__).resolve().parents[1]
HOSTILE = r"<script>alert(1)</script> & 100 % of $x_1$ #2 {a} ~b^c \d | `e` *f* [g](h)"
STUDENT = (
    "{teacher: large, family: stargan, dataset: faces, partner: faces, compression: resize, "
    "student: {width: 2, blocks: 3}, distill: {generator: KD, discriminator: none}, schedule: short, "
    "seeds: SEEDS, problem: PROBLEM, thesis: THESIS}"
)
L1 = {
    "teacher": [0.020],
    "plain": [0.040, 0.041, 0.039],
    "taught": [0.030, 0.031, 0.029],
    "taught_too": [0.0302, 0.0312, 0.0292],
    "lone-none": [0.5],
    "lone-taught": [0.4],
    "real-none": [],
    "real-taught": [],
}


def student(kd: str, seeds: list[int], problem: str, thesis: str) -> Any:  # noqa: ANN401
    """A row as YAML holds it."""
    words = {"KD": kd, "SEEDS": str(seeds), "PROBLEM": problem}
    text = STUDENT
    for word, value in words.items():
        text = text.replace(word, value)
    row = yaml_text.parse(f"row: {text}", "row")[0]["row"]
    lesson = {} if kd == "none" else {"generator_lesson": {"match": {"image": "image"}, "weight": 10.0}}
    return {**row, **lesson, "thesis": thesis}


@cache
def settings() -> Params:
    """Three problems: several seeds, one seed, no exact images."""
    content = yaml_text.parse(TEXT, "params.yaml")[0]
    teacher = content["variants"]["teacher"]
    content["variants"] = {
        "teacher": {**teacher, "problem": "set1"},
        "plain": student("none", [0, 1, 2], "set1", "no KD"),
        "taught": student("euclidean", [0, 1, 2], "set1", "FR"),
        "taught_too": student("euclidean", [0, 1, 2], "set1", HOSTILE),
        "lone-none": student("none", [0], "set2", ""),
        "lone-taught": student("euclidean", [0], "set2", ""),
        "real-none": student("none", [0], "real_world", ""),
        "real-taught": student("euclidean", [0], "real_world", "OUT\nSIDE"),
    }
    return params.validate(content)


def line(rows: Params, name: str, seed: int) -> dict[str, object]:
    """A line of results.csv."""
    row, errors = rows.variants[name], L1[name]
    found: dict[str, object] = dict.fromkeys(tables.measured("judge", "judge"))
    if errors:
        exact = {"l1": errors[seed], "reference_input_l1": 0.05, "perfect_l1": 0.0}
        exact |= {"perfect_accuracy_target": 0.99, "lpips_judge_truth": 2 * errors[seed], "perfect_fid_judge": 0.2}
        found |= exact
    found |= {"fid_judge": 12.0 + seed, "kid_judge": -0.00002, "accuracy_target": 0.9, "reference_input_fid_judge": 0.1}
    return {"variant": name, "seed": seed, "problem": row.problem, **found}


def costs_of(scale: int) -> dict[str, Any]:
    counted = {"parameters": 1000 * scale, "macs": 2_000_000 * scale, "macs_output_rule": 3_000_000 * scale}
    return {"generator": {**counted, "bytes": 4000 * scale, "activations": 7}}


def timed(latency: float) -> dict[str, Any]:
    one = {"device": "cpu", "threads": 1, "batch": 1, "latency_ms": latency, "speed_up": 8.0 / latency}
    return {"times": [{**one, "batch": 16, "latency_ms": 99.0}, {**one, "threads": 2, "latency_ms": 98.0}, one]}


def lay_for_the_page(rows: Params) -> None:
    """The least that the page needs beside: nothing was drawn, no training left a curve, no picture was kept."""
    for name, row in rows.variants.items():
        seeds: dict[str, Any] = {str(seed): {"overall": {}, "datasets": {}} for seed in row.seeds}
        paths.quality(name).parent.mkdir(exist_ok=True)
        paths.quality(name).write_text(json.dumps({"protocol": {"datasets": {}}, "seeds": seeds}))
    paths.training_curves().write_text(tables.text(["kind", "name", "seed", "step"], []))
    paths.manifest().parent.mkdir(exist_ok=True)
    paths.manifest().write_text("{}")


def lay(rows: Params) -> None:
    """Results as the stages before leave them, in the current directory; `real-taught` was never timed."""
    lines = [line(rows, name, seed) for name, row in rows.variants.items() for seed in row.seeds]
    compared = [
        {"variant": name, "metric": metric, "verdict": verdict, "difference": difference, "low": low, "high": high}
        for name, metric, verdict, difference, low, high in (
            ("taught", "l1", "better", -0.01, -0.012, -0.008),
            ("taught_too", "l1", "no evidence", -0.0098, -0.02, 0.001),
            ("lone-taught", "l1", "single seed", -0.1, None, None),
            ("real-taught", "accuracy_target", "single seed", 0.0, None, None),
        )
    ]
    latency = {
        "machine": {"cpu": "A & B_C", "cores": 2, "torch": "2.13.0", "load_before": 0.1},
        "precision": "float32",
        "networks": {"teacher": timed(8.0), "plain": timed(2.0)},
        "variants": {name: "teacher" if name == "teacher" else "plain" for name in L1 if name != "real-taught"},
    }
    counted = {name: {"teacher": "large", **costs_of(8 if name == "teacher" else 1)} for name in L1}
    with paths.PARAMS.open("w") as file:
        YAML().dump(rows.model_dump(), file)
    paths.RESULTS.mkdir(exist_ok=True)
    paths.results().write_text(tables.text(list(lines[0]), lines))
    paths.comparisons().write_text(tables.text(list(compared[0]), compared))
    paths.costs().write_text(json.dumps({"teachers": {"large": costs_of(8)}, "variants": counted}))
    lay_for_the_page(rows)
    paths.latency().write_text(json.dumps(latency))


@pytest.fixture(scope="module")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("laid")
    with contextlib.chdir(root):
        lay(settings())
    return root


@pytest.fixture
def found(laid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gathered:
    shutil.copytree(laid, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return gathered.load(settings())


@pytest.fixture
def table(found: Gathered) -> Table:
    return summary.build(found)


def line_of(table: Table, name: str) -> summary.Line:
    return next(line for group in table.groups for line in group.lines if line.name == name)


def csv_lines(found: Gathered) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(write_tables.texts(found)["summary.csv"])))


# --- what is in the table


def test_problems_are_groups_in_the_order_of_params(table: Table) -> None:
    assert [group.title.partition(":")[0] for group in table.groups] == ["Set 1", "Set 2", "Real world"]
    assert [line.name for line in table.groups[1].lines if line.name] == ["lone-none", "lone-taught"]


def test_kinds_tell_controls_and_references_apart(table: Table) -> None:
    kinds = {line.label: line.kind for line in table.groups[0].lines}
    assert kinds["returns its input"] == "input"
    assert kinds["exact images"] == "perfect"
    assert [line_of(table, name).kind for name in ("teacher", "plain", "taught")] == ["teacher", "control", "taught"]


def test_a_row_without_a_name_in_the_thesis_is_called_by_what_it_is(table: Table) -> None:
    assert line_of(table, "lone-none").label == "resize: no KD"
    assert line_of(table, "lone-taught").label == "resize: euclidean"
    assert line_of(table, "taught").label == "FR"


def test_costs_ratios_and_times(table: Table) -> None:
    cells = {name: {k: c.value for k, c in line_of(table, name).cells.items()} for name in ("teacher", "plain")}
    assert cells["plain"]["compression"] == 8
    assert cells["teacher"]["compression"] == 1
    assert cells["plain"]["latency_ms"] == 2
    assert cells["plain"]["speed_up"] == 4
    assert cells["plain"]["macs_output_rule"] == 3_000_000


def test_means_and_deviations_over_seeds(table: Table) -> None:
    cell = line_of(table, "plain").cells["l1"]
    assert cell.value == pytest.approx(0.04)
    assert cell.spread == pytest.approx(0.001)
    assert line_of(table, "plain").cells["l1_relative"].value == pytest.approx(0.8)
    assert line_of(table, "teacher").cells["l1"].spread is None


def test_what_was_not_measured_is_empty(found: Gathered, table: Table) -> None:
    real = line_of(table, "real-taught")
    assert not {"l1", "l1_relative", "lpips_judge_truth", "latency_ms", "speed_up"} & set(real.cells)
    empty = next(each for each in csv_lines(found) if each["row"] == "real-taught")
    assert [empty[key] for key in ("l1", "l1_sd", "latency_ms", "l1_mark")] == [""] * 4
    assert empty["accuracy_target"] == "0.900000"
    assert "not timed at batch 1" in write_tables.texts(found)["summary.md"]


def test_verdicts_are_those_of_the_comparisons(table: Table) -> None:
    first, lone, real = table.groups
    assert table.verdict(first, line_of(table, "taught")) == "better"
    assert table.verdict(first, line_of(table, "plain")) == ""
    assert table.verdict(lone, line_of(table, "lone-taught")) == "single seed"
    assert table.verdict(real, line_of(table, "real-taught")) == "single seed (accuracy)"


def test_judged_columns_say_so_and_published_ones_do_not(found: Gathered, table: Table) -> None:
    headings = {column.key: column.heading for column in table.columns}
    assert headings["fid_judge"] == "FID† ↓"
    assert headings["lpips_judge_truth"] == "LPIPS to truth‡ ↓"
    content = found.settings.model_dump()
    content["evaluation"] |= {"extractor": "inception", "lpips": "alex"}
    published = summary.build(gathered.load(params.validate(content)))
    headings = {column.key: column.heading for column in published.columns}
    assert headings["fid"] == "FID ↓"
    assert headings["lpips_alex_teacher"] == "LPIPS to teacher ↓"


def test_a_busy_machine_is_told(found: Gathered) -> None:
    latency = json.loads(paths.latency().read_text())
    latency["machine"]["load_before"] = 1.7
    paths.latency().write_text(json.dumps(latency))
    assert "do not cite" not in write_tables.texts(found)["summary.md"]
    assert "do not cite" in write_tables.texts(gathered.load(found.settings))["summary.md"]


def test_no_time_at_batch_one_leaves_the_columns_empty(found: Gathered) -> None:
    latency = json.loads(paths.latency().read_text())
    latency["networks"] = {name: {"times": each["times"][:2]} for name, each in latency["networks"].items()}
    paths.latency().write_text(json.dumps(latency))
    again = gathered.load(found.settings)
    assert not any("latency_ms" in line.cells for group in summary.build(again).groups for line in group.lines)
    assert "not measured at batch 1" in write_tables.texts(again)["summary.html"]


# --- best, and what cannot be told from it


def test_the_best_is_the_least_error_and_the_greatest_accuracy() -> None:
    rows = {"a": [1.0, 1.1], "b": [2.0, 2.1], "c": [9.0, 9.1]}
    assert marks(rows, "min") == {"a": "best"}
    assert marks(rows, "max") == {"c": "best"}


def test_near_is_what_the_noise_of_seeds_covers(table: Table) -> None:
    given = {line.name: line.cells["l1"].mark for line in table.groups[0].lines if line.name}
    assert given == {"teacher": "", "plain": "", "taught": "best", "taught_too": "near"}


def test_more_noise_makes_more_rows_near() -> None:
    quiet = {"a": [1.0, 1.01], "b": [1.5, 1.51]}
    loud = {"a": [0.8, 1.21], "b": [1.3, 1.71]}
    assert marks(quiet, "min") == {"a": "best"}
    assert marks(loud, "min") == {"a": "best", "b": "near"}


def test_of_rows_that_noise_cannot_tell_apart_the_best_has_the_most_seeds() -> None:
    rows = {"lucky": [0.99], "sure": [1.0, 1.02, 0.98], "worse": [2.0, 2.02, 1.98]}
    assert marks(rows, "min") == {"lucky": "near", "sure": "best"}
    assert marks({**rows, "lucky": [0.5]}, "min") == {"lucky": "best"}


def test_without_seeds_only_the_best_and_its_equals_are_marked() -> None:
    assert marks({"a": [1.0], "b": [1.0], "c": [1.0001], "d": []}, "min") == {"a": "best", "b": "near"}
    assert marks({"a": [1.0], "d": []}, "min") == {}


def test_pooled_deviation_of_known_numbers() -> None:
    deviation, freedom = pooled([[0.0, 2.0], [1.0, 1.0, 1.0], [7.0]]) or (0.0, 0)
    assert (deviation, freedom) == (pytest.approx((2 / 3) ** 0.5), 3)


def test_an_unknown_noise_is_told_with_the_group(found: Gathered, table: Table) -> None:
    assert [group.noise_known for group in table.groups] == [True, False, False]
    assert "### Set 2: faces, 16 px §" in write_tables.texts(found)["summary.md"]


# --- numbers


@pytest.mark.parametrize(
    ("values", "places"),
    [([0.0291, 0.0312], 4), ([12.3, 14.0], 1), ([5000.0], 0), ([0.0, 0.0], 0), ([1e-9], 6), ([], 0)],
)
def test_decimals_give_three_digits(values: list[float], places: int) -> None:
    assert decimals(values) == places


def test_no_negative_zero() -> None:
    assert written(-0.0001, 2) == "0.00"
    assert written(-0.5, 2) == "-0.50"


# --- LaTeX

TOKEN = re.compile(r"(?<!\\)%[^\n]*|\\[a-zA-Z@]+|\\.|[{}$&#_^~]|\$", re.DOTALL)
DEFINITION = re.compile(r"\\def\\retort[a-z]*(#\d)+\{")


def check_latex(text: str) -> None:
    """Balanced braces, formulas and environments; special characters only where they mean something."""
    for definition in DEFINITION.finditer(text):
        end = text.index("\n", definition.end())
        text = text[: definition.start()] + " " * (end - definition.start()) + text[end:]
    text = re.sub(r"\\csname [^\\]*\\endcsname", "", text)
    depth, formula = 0, False
    for found in TOKEN.finditer(text):
        token = found[0]
        if token in "{}":
            depth += 1 if token == "{" else -1
        formula ^= token == "$"
        starts_line = found.start() == 0 or text[found.start() - 1] == "\n"
        assert not token.startswith("%") or starts_line, "a comment inside a line"
        assert depth >= 0, f"a brace too many before {text[found.start() : found.start() + 40]!r}"
        assert token not in "#_~", f"{token} at {text[found.start() - 20 : found.start() + 20]!r}"
        assert token != "^" or formula, f"^ outside a formula: {text[found.start() - 20 : found.start() + 20]!r}"
        assert token != "&" or (depth == 0 and not formula), "& inside a group"
    assert (depth, formula) == (0, False)
    assert all(letter.isascii() or letter in "éäöü" for letter in text), "a sign pdflatex has no glyph for"
    stack = []
    for what, name in re.findall(r"\\(begin|end)\{(\w+)\}", text.replace(r"\def\retortend{\end{document}}", "")):
        if what == "begin":
            stack.append(name)
        else:
            assert stack.pop() == name
    assert stack in ([], ["document"])


def rows_of_tabular(text: str) -> tuple[int, list[int]]:
    """The columns declared, and those of each row."""
    match = re.search(r"\\begin\{tabular\}\{(.*)\}\n(.*?)\\end\{tabular\}", text, re.DOTALL)
    assert match
    declared = len(re.sub(r"@\{\}", "", match[1]))
    body = re.sub(r"\\(top|mid|bottom)rule", "", match[2])
    widths = []
    for row in body.strip().split(r" \\"):
        if row.strip():
            spans = [int(width) for width in re.findall(r"\\multicolumn\{(\d+)\}", row)]
            widths.append(len(re.findall(r"(?<!\\)&", row)) + 1 + sum(spans) - len(spans))
    return declared, widths


def test_latex_is_sound_and_every_row_fills_the_table(found: Gathered, table: Table) -> None:
    text = write_tables.texts(found)["summary.tex"]
    check_latex(text)
    declared, widths = rows_of_tabular(text)
    assert declared == 2 * len(table.columns) + 4
    assert set(widths) == {declared}
    assert len(widths) == 2 + sum(len(group.lines) + 1 for group in table.groups)


@pytest.mark.parametrize("broken", ["{", "}", "a_b", "50 % {", "a & b}", "#", "~", "$"])
def test_the_latex_check_refuses_what_is_broken(broken: str) -> None:
    with pytest.raises(AssertionError):
        check_latex(rf"\begin{{tabular}}{{l}} {broken} \end{{tabular}}")


def test_latex_escapes_every_special_sign() -> None:
    escaped = latex.escape(HOSTILE + '\n"quoted"')
    check_latex(escaped)
    assert r"\&" in escaped
    assert "\n" not in escaped
    assert latex.escape("a_b & c") == r"a\_b \& c"


def test_decimal_points_stand_between_the_two_columns_of_a_number(table: Table) -> None:
    column = next(column for column in table.columns if column.key == "l1")
    plain = latex.cell(table, column, summary.Cell(0.04, 0.001))
    assert plain == r"40&.0{\tiny$\,\pm\,$1.0}"
    assert latex.cell(table, column, summary.Cell(-0.0301, None, "best")) == r"$-$\textbf{30}&\textbf{.1}"
    assert latex.cell(table, column, None) == "&"


def defined(text: str) -> dict[str, str]:
    pairs = re.findall(r"\\csname (retort(?:suite)?:[^\\]*)\\endcsname\{(.*)\}\n", text)
    assert len(pairs) == len(dict(pairs)), "a macro is defined twice"
    return dict(pairs)


def test_macros_are_the_numbers_of_the_table(found: Gathered, table: Table) -> None:
    text = write_tables.texts(found)["numbers.tex"]
    check_latex(text)
    macros = defined(text)
    assert macros["retort:plain:l1"] == "40.0"
    assert macros["retort:plain:l1-sd"] == "1.0"
    assert macros["retort:taught:l1-difference"] == r"\ensuremath{-}10.0"
    assert macros["retort:taught_too:l1-verdict"] == "no evidence"
    assert macros["retort:set1-input:l1"] == "50.0"
    assert macros["retortsuite:trainings"] == "13"
    cells = sum(len(line.cells) for group in table.groups for line in group.lines)
    assert (
        len([name for name in macros if not re.search(r"suite|seeds|-(sd|difference|low|high|verdict)$", name)])
        == cells
    )


PDFLATEX = shutil.which("pdflatex")
needs_latex = pytest.mark.skipif(not PDFLATEX, reason="no pdflatex: apt-get install texlive-latex-recommended")


def compiled(name: str) -> str:
    """What pdflatex says of a file in the current directory."""
    done = subprocess.run([str(PDFLATEX), "-interaction=nonstopmode", "-halt-on-error", name], capture_output=True)
    said = done.stdout.decode("latin-1")
    assert done.returncode == 0, said[-2000:]
    assert "Overfull" not in said
    return said


@needs_latex
def test_the_table_compiles_on_its_own(found: Gathered) -> None:
    Path("summary.tex").write_text(write_tables.texts(found)["summary.tex"])
    assert "(1 page," in compiled("summary.tex")


@needs_latex
def test_table_and_numbers_compile_inside_a_paper(found: Gathered) -> None:
    for name in ("summary.tex", "numbers.tex"):
        Path(name).write_text(write_tables.texts(found)[name])
    Path("paper.tex").write_text(
        r"\documentclass{article}\usepackage{booktabs}\usepackage[paperwidth=400mm,margin=5mm]{geometry}\input{numbers}"
        r"\begin{document}Error \retort{taught}{l1}, \retort{taught_too}{l1-low}, \retortsuite{rows} rows."
        "\n\n\\input{summary}\nAfter it.\\end{document}"
    )
    assert "(1 page," in compiled("paper.tex")


@needs_latex
def test_a_number_that_does_not_exist_stops_latex(found: Gathered) -> None:
    Path("numbers.tex").write_text(write_tables.texts(found)["numbers.tex"])
    Path("paper.tex").write_text(
        r"\documentclass{article}\input{numbers}\begin{document}\retort{taught}{l3}\end{document}"
    )
    with pytest.raises(AssertionError, match="Retort has no l3 of taught"):
        compiled("paper.tex")


# --- Markdown and HTML


def markdown_tables(text: str) -> list[list[str]]:
    return [block.splitlines() for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)]


def test_markdown_rows_fill_their_tables(found: Gathered, table: Table) -> None:
    blocks = markdown_tables(write_tables.texts(found)["summary.md"])
    assert len(blocks) == 1 + len(table.groups)
    for block in blocks:
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in block}) == 1


def test_markdown_escapes_names(found: Gathered) -> None:
    text = write_tables.texts(found)["summary.md"]
    assert "<script>" not in text
    assert r"taught\_too" in text
    assert markdown.escape("a|b *c*\nd") == r"a\|b \*c\* d"


def test_markdown_shows_marks(found: Gathered) -> None:
    text = write_tables.texts(found)["summary.md"]
    assert "**30.0** ± 1.0" in text
    assert "*30.2* ± 1.0" in text
    assert "○ no KD" in text


class Cells(HTMLParser):
    """The texts of the cells of a page, row by row, and every tag."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tags: list[str] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.inside = True
            self.rows[-1].extend([""] * int(dict(attrs).get("colspan") or 1))

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += data


def test_html_fills_its_table_and_runs_nothing(found: Gathered, table: Table) -> None:
    cells = Cells()
    cells.feed(write_tables.texts(found)["summary.html"])
    cells.close()
    assert {len(row) for row in cells.rows} == {len(table.columns) + 4}
    assert "script" not in cells.tags
    assert any(HOSTILE in row for row in cells.rows)


def test_every_format_shows_the_same_numbers(found: Gathered, table: Table) -> None:
    texts = write_tables.texts(found)
    cells = Cells()
    cells.feed(texts["summary.html"])
    shown = next(row for row in cells.rows if "taught" in row)[3:]
    wanted = [
        table.number(column, line_of(table, "taught").cells[column.key].value)
        for column in table.columns
        if column.key in line_of(table, "taught").cells
    ]
    signed = [number.replace("-", "−") for number in wanted]
    assert [cell.split("±")[0].strip() for cell in shown[:-1] if cell] == signed
    row = next(row for row in texts["summary.md"].partition("## Every")[2].splitlines() if "| taught |" in row)
    assert [re.sub(r"\*| ±.*", "", cell).strip() for cell in row.split("|")[4:-2]] == signed
    left = next(row for row in texts["summary.tex"].splitlines() if r"\texttt{taught}" in row)
    stripped = re.sub(r"\{\\tiny.*?\}|\\text\w+|\\underline|[{}$]|(?<= )&|& ", "", left)
    assert all(number in stripped.replace("&", "").split() for number in wanted)


# --- README


def test_readme_holds_the_headline_of_the_summary(found: Gathered) -> None:
    paths.README.write_text(f"# Title\n\n{readme.BEGIN}\nstale words\n{readme.END}\n\nMore.\n")
    paths.tables().mkdir(parents=True)
    readme.SUMMARY.write_text(write_tables.texts(found)["summary.md"])
    assert readme.update()
    text = paths.README.read_text()
    assert text.startswith("# Title\n\n")
    assert text.endswith("\n\nMore.\n")
    assert readme.parts(text, paths.README)[1] == readme.parts(readme.SUMMARY.read_text(), readme.SUMMARY)[1]
    assert "stale words" not in text
    before = paths.README.stat().st_mtime_ns
    assert not readme.update()
    assert paths.README.stat().st_mtime_ns == before


def test_the_headline_holds_rows_of_several_seeds(table: Table) -> None:
    names = [line.name for line in table.headline().lines if line.name]
    assert names == ["teacher", "plain", "taught", "taught_too"]


@pytest.mark.parametrize(
    "text", ["nothing", f"{readme.BEGIN}", f"{readme.END}{readme.BEGIN}", f"{readme.BEGIN * 2}{readme.END}"]
)
def test_a_readme_without_its_markers_is_refused(text: str) -> None:
    with pytest.raises(tables.TableError, match="needs one line"):
        readme.merged(text, f"{readme.BEGIN}{readme.END}")


def test_the_readme_of_this_project_is_up_to_date() -> None:
    text, made = ROOT / paths.README, ROOT / readme.SUMMARY
    if not (text.exists() and made.exists()):
        pytest.skip("README.md or paper_figures/tables/summary.md is not there yet")
    assert readme.merged(text.read_text(), made.read_text()) == text.read_text()


# --- the stage


@pytest.mark.usefixtures("found")
def test_the_stage_writes_the_same_bytes_twice() -> None:
    write_tables.main()
    first = {file.name: file.read_bytes() for file in paths.tables().iterdir()}
    assert set(first) == {"summary.tex", "summary.md", "summary.html", "summary.csv", "numbers.tex"}
    write_tables.main()
    assert {file.name: file.read_bytes() for file in paths.tables().iterdir()} == first


def lose_a_line(path: Path) -> None:
    path.write_text("\n".join(path.read_text().splitlines()[:-1]) + "\n")


@pytest.mark.parametrize(
    ("harm", "says"),
    [
        (lambda: lose_a_line(paths.results()), r"holds seeds \[\] of real-taught"),
        (lambda: paths.latency().unlink(), "latency.json does not exist"),
        (lambda: paths.costs().write_text('{"teachers": {}, "variants": {}}'), "does not know teacher"),
    ],
)
def test_missing_results_are_named(found: Gathered, harm: Callable[[], None], says: str) -> None:
    harm()
    with pytest.raises(tables.TableError, match=says):
        gathered.load(found.settings)
