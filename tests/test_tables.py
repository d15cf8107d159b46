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
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from stages import write_tables
from stages.findings import dictionary, tables
from stages.settings import paths, sweeps
from stages.settings.rows import Params
from stages.tables import cards, gathered, latex, markdown, readme, summary
from stages.tables.columns import decimals, written
from stages.tables.gathered import Gathered
from stages.tables.marks import Mark, agreeing, marks, pooled
from stages.tables.summary import Table
from tests import columns_of_rows, digits
from tests.laid import HOSTILE, lay, markdown_tables, settings

ROOT = Path(__file__).resolve().parents[1]


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


def texts(found: Gathered) -> dict[str, str]:
    """The table in every format."""
    return write_tables.texts(found, summary.build(found))


def line_of(table: Table, name: str) -> summary.Line:
    return next(line for group in table.groups for line in group.lines if line.name == name)


def csv_lines(found: Gathered) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(texts(found)["summary.csv"])))


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
    assert line_of(table, "lone-taught").label == "resize: image"
    assert line_of(table, "taught").label == "FR"


def test_costs_ratios_and_times(table: Table) -> None:
    cells = {name: {k: c.value for k, c in line_of(table, name).cells.items()} for name in ("teacher", "plain")}
    assert cells["plain"]["compression"] == 8
    assert cells["teacher"]["compression"] == 1
    assert cells["plain"]["latency_ms"] == 2
    assert cells["plain"]["speed_up"] == 4
    assert cells["plain"]["macs_output_rule"] == 3_000_000
    assert (cells["plain"]["training_macs"], cells["teacher"]["training_macs"]) == (8e9, 0)


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
    assert "not timed at batch 1" in texts(found)["summary.md"]


def test_verdicts_are_those_of_the_comparisons(table: Table) -> None:
    first, lone, real = table.groups
    assert table.verdict(first, line_of(table, "taught")) == "better"
    assert table.verdict(first, line_of(table, "plain")) == ""
    assert table.verdict(lone, line_of(table, "lone-taught")) == "single seed"
    assert table.verdict(real, line_of(table, "real-taught")) == "single seed (fid_judge)"


def test_judged_columns_say_so_and_published_ones_do_not(found: Gathered, table: Table) -> None:
    headings = {column.key: column.heading for column in table.columns}
    assert headings["fid_judge"] == "FID† ↓"
    assert headings["lpips_judge_truth"] == "LPIPS to truth‡ ↓"
    renamed = {"fid_judge": "fid", "lpips_judge_truth": "lpips_alex_teacher"}
    content = json.loads(paths.dictionary().read_text())
    content["columns"] |= {new: content["columns"][old] for old, new in renamed.items()}
    content["problems"]["real_world"]["headline"] = "fid"
    paths.dictionary().write_text(json.dumps(content))
    text = paths.results().read_text()
    for old, new in renamed.items():
        text = text.replace(f",{old},", f",{new},")
    paths.results().write_text(text)
    published = summary.build(gathered.load(found.settings))
    headings = {column.key: column.heading for column in published.columns}
    assert headings["fid"] == "FID ↓"
    assert headings["lpips_alex_teacher"] == "LPIPS to teacher ↓"


def test_a_busy_machine_is_told(found: Gathered) -> None:
    latency = json.loads(paths.latency().read_text())
    latency["machine"]["load_before"] = 1.7
    paths.latency().write_text(json.dumps(latency))
    assert "do not cite" not in texts(found)["summary.md"]
    assert "do not cite" in texts(gathered.load(found.settings))["summary.md"]


def test_no_time_at_batch_one_leaves_the_columns_empty(found: Gathered) -> None:
    latency = json.loads(paths.latency().read_text())
    latency["networks"] = {name: {"times": each["times"][:2]} for name, each in latency["networks"].items()}
    paths.latency().write_text(json.dumps(latency))
    again = gathered.load(found.settings)
    assert not any("latency_ms" in line.cells for group in summary.build(again).groups for line in group.lines)
    assert "not measured at batch 1" in texts(again)["summary.html"]


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


def test_the_best_and_its_control_are_marked_as_the_verdict_says() -> None:
    """Pairing sees what seeds share; a mark that ignores it would contradict the verdict beside it."""
    near: dict[str, Mark] = {"taught": "best", "plain": "near", "third": "near"}
    apart: dict[str, Mark] = {"taught": "best", "third": "near"}
    pair = ("taught", "plain")
    assert agreeing(near, {pair: "better"}) == apart
    for word in ("no evidence", "no difference"):
        assert agreeing(apart, {pair: word}) == near
    assert agreeing(near, {pair: "single seed"}) == near
    assert agreeing(apart, {pair: "single seed"}) == apart
    # Of rows that are not the best, nothing follows; and the control may be the best itself.
    assert agreeing(near, {("third", "plain"): "better"}) == near
    assert agreeing({"plain": "best", "taught": "near"}, {pair: "worse"}) == {"plain": "best"}
    assert agreeing({"plain": "best"}, {pair: "no evidence"}) == {"plain": "best", "taught": "near"}


def test_more_rivals_make_more_rows_near() -> None:
    """Held against the best are all others: of many rows more would be told apart by chance."""
    rows = {"a": [1.0, 1.02, 0.98], "b": [1.05, 1.07, 1.03]}
    assert marks(rows, "min") == {"a": "best"}
    many = {f"c{place}": [9.0] for place in range(30)}
    assert marks({**rows, **many}, "min") == {"a": "best", "b": "near"}


def test_without_seeds_only_the_best_and_its_equals_are_marked() -> None:
    assert marks({"a": [1.0], "b": [1.0], "c": [1.0001], "d": []}, "min") == {"a": "best", "b": "near"}
    assert marks({"a": [1.0], "d": []}, "min") == {}


def test_pooled_deviation_of_known_numbers() -> None:
    deviation, freedom = pooled([[0.0, 2.0], [1.0, 1.0, 1.0], [7.0]]) or (0.0, 0)
    assert (deviation, freedom) == (pytest.approx((2 / 3) ** 0.5), 3)


def test_an_unknown_noise_is_told_with_the_group(found: Gathered, table: Table) -> None:
    assert [group.noise_known for group in table.groups] == [True, False, False]
    assert "### Set 2: faces, 16 px §" in texts(found)["summary.md"]


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
    text = texts(found)["summary.tex"]
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
    text = latex.numbers(found, summary.build(found))
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
    Path("summary.tex").write_text(texts(found)["summary.tex"])
    assert "(1 page," in compiled("summary.tex")


@needs_latex
def test_table_and_numbers_compile_inside_a_paper(found: Gathered) -> None:
    Path("summary.tex").write_text(texts(found)["summary.tex"])
    Path("numbers.tex").write_text(latex.numbers(found, summary.build(found)))
    Path("paper.tex").write_text(
        r"\documentclass{article}\usepackage{booktabs}\usepackage[paperwidth=400mm,margin=5mm]{geometry}\input{numbers}"
        r"\begin{document}Error \retort{taught}{l1}, \retort{taught_too}{l1-low}, \retortsuite{rows} rows."
        "\n\n\\input{summary}\nAfter it.\\end{document}"
    )
    assert "(1 page," in compiled("paper.tex")


@needs_latex
def test_a_number_that_does_not_exist_stops_latex(found: Gathered) -> None:
    Path("numbers.tex").write_text(latex.numbers(found, summary.build(found)))
    Path("paper.tex").write_text(
        r"\documentclass{article}\input{numbers}\begin{document}\retort{taught}{l3}\end{document}"
    )
    with pytest.raises(AssertionError, match="Retort has no l3 of taught"):
        compiled("paper.tex")


# --- Markdown and HTML


def test_markdown_rows_fill_their_tables(found: Gathered, table: Table) -> None:
    blocks = markdown_tables(texts(found)["summary.md"])
    assert len(blocks) == 1 + len(table.groups)
    for block in blocks:
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in block}) == 1


def test_markdown_escapes_names(found: Gathered) -> None:
    text = texts(found)["summary.md"]
    assert "<script>" not in text
    assert r"taught\_too" in text
    assert markdown.escape("a|b *c*\nd") == r"a\|b \*c\* d"


def test_markdown_shows_marks(found: Gathered) -> None:
    text = texts(found)["summary.md"]
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
    cells.feed(texts(found)["summary.html"])
    cells.close()
    assert {len(row) for row in cells.rows} == {len(table.columns) + 4}
    assert "script" not in cells.tags
    assert any(HOSTILE in row for row in cells.rows)


def test_every_format_shows_the_same_numbers(found: Gathered, table: Table) -> None:
    written = texts(found)
    cells = Cells()
    cells.feed(written["summary.html"])
    shown = next(row for row in cells.rows if "taught" in row)[3:]
    wanted = [
        table.number(column, line_of(table, "taught").cells[column.key].value)
        for column in table.columns
        if column.key in line_of(table, "taught").cells
    ]
    signed = [number.replace("-", "−") for number in wanted]
    assert [cell.split("±")[0].strip() for cell in shown[:-1] if cell] == signed
    row = next(row for row in written["summary.md"].partition("## Every")[2].splitlines() if "| taught |" in row)
    assert [re.sub(r"\*| ±.*", "", cell).strip() for cell in row.split("|")[4:-2]] == signed
    left = next(row for row in written["summary.tex"].splitlines() if r"\texttt{taught}" in row)
    stripped = re.sub(r"\{\\tiny.*?\}|\\text\w+|\\underline|[{}$]|(?<= )&|& ", "", left)
    assert all(number in stripped.replace("&", "").split() for number in wanted)


# --- README


def test_readme_holds_the_headline_of_the_summary(found: Gathered) -> None:
    block = readme.RESULTS
    paths.README.write_text(f"# Title\n\n{block.begin}\nstale words\n{block.end}\n\nMore.\n")
    paths.tables().mkdir(parents=True)
    block.file.write_text(texts(found)["summary.md"])
    assert readme.update()
    text = paths.README.read_text()
    assert text.startswith("# Title\n\n")
    assert text.endswith("\n\nMore.\n")
    assert block.parts(text, paths.README)[1] == block.parts(block.file.read_text(), block.file)[1]
    assert "stale words" not in text
    before = paths.README.stat().st_mtime_ns
    assert not readme.update()
    assert paths.README.stat().st_mtime_ns == before


def names_of(group: summary.Group) -> list[str]:
    return [line.name for line in group.lines if line.name]


def test_the_headline_holds_the_rows_that_params_mark(found: Gathered, table: Table) -> None:
    assert names_of(table.headline()) == ["teacher", "plain", "taught", "taught_too"], "of several seeds"
    marked = {"taught", "plain"}
    rows = {name: row.model_copy(update={"headline": name in marked}) for name, row in found.rows.items()}
    shown = summary.build(replace(found, rows=rows)).headline()
    assert names_of(shown) == ["teacher", "plain", "taught"]
    assert [line.kind for line in shown.lines[:2]] == ["input", "perfect"]
    lone = {name: row.model_copy(update={"headline": name == "lone-taught"}) for name, row in found.rows.items()}
    assert names_of(summary.build(replace(found, rows=lone)).headline()) == ["lone-taught"]


# --- several kinds of examination


def with_digits(found: Gathered, examination: str = "classification", swapped: bool = False) -> Gathered:
    """The same beside rows of digits; `swapped`: a translator in a sweep and a classifier among the variants."""
    content = digits.added({**found.settings.model_dump(), "sweeps": {}})
    content["sweeps"]["halves"]["examination"] = examination
    content["evaluation"][examination] = {"batch": 16}
    if swapped:
        content["variants"]["halves-none"] = {**digits.SHARED, "examination": examination}
        content["sweeps"] = {"again": {**content["variants"].pop("lone-taught"), "points": {"taught": {}}}}
    changed = Params.model_validate(content)
    rows = sweeps.rows(changed)
    deciding = {"set1": "l1", "set2": "l1", "real_world": "fid_judge", "halves": "error"}
    judged = {name: ("translation" if name != "halves" else examination, key) for name, key in deciding.items()}
    paths.dictionary().write_text(json.dumps(columns_of_rows.dictionary(judged)))
    lines = {
        name: found.lines.get(name) or found.lines["lone-taught"] for name in rows if rows[name].problem in deciding
    }
    lines |= {
        name: [{"variant": name, "seed": str(seed), "error": "0.05", "f1": "0.9"} for seed in row.seeds]
        for name, row in rows.items()
        if row.problem == "halves"
    }
    costs = {
        "teachers": {**found.costs["teachers"], "big": found.costs["teachers"]["large"]},
        "variants": {name: found.costs["variants"].get(name, found.costs["variants"]["plain"]) for name in rows},
    }
    return replace(found, settings=changed, rows=rows, dictionary=dictionary.read(), lines=lines, costs=costs)


def test_rows_stand_in_the_table_of_their_examination(found: Gathered) -> None:
    made = {table.layout.stem: table for _, table in summary.tables_of(with_digits(found, swapped=True))}
    assert list(made) == ["summary", "classifiers"]
    assert [names_of(group) for group in made["classifiers"].groups] == [["halves-none"]]
    assert "again/taught" in names_of(next(group for group in made["summary"].groups if group.problem == "set2"))


def test_every_problem_is_decided_by_its_own_metric(found: Gathered) -> None:
    deciding = {
        group.problem: group.judged_by for _, table in summary.tables_of(with_digits(found)) for group in table.groups
    }
    assert deciding == {"set1": "l1", "set2": "l1", "real_world": "fid_judge", "halves": "error"}


def test_an_unknown_examination_is_tabled_and_carded_from_the_dictionary(found: Gathered) -> None:
    made = {table.layout.stem: (part, table) for part, table in summary.tables_of(with_digits(found, "recall"))}
    part, table = made["recall"]
    columns = {column.key: column for column in table.columns}
    assert {"parameters", "training_macs", "error", "f1"} <= set(columns)
    assert (columns["error"].better, columns["f1"].better) == ("min", "max")
    assert not {"l1", "accuracy"} & set(columns)
    written = write_tables.texts(part, table)
    assert set(written) == {f"recall.{kind}" for kind in ("tex", "md", "html", "csv")}
    assert "what error is" in written["recall.md"]
    check_latex(written["recall.tex"])
    (card,) = cards.texts(part, table).values()
    for name in digits.ROWS:
        assert f"| `{name}` |" in card
    assert "Error ↓" in card


def test_each_table_is_built_once(found: Gathered, monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[list[str]] = []
    build = summary.build

    def counting(part: Gathered) -> Table:
        built.append(part.examinations())
        return build(part)

    both = with_digits(found)
    for name in digits.ROWS:
        paths.quality(name).parent.mkdir(parents=True, exist_ok=True)
        paths.quality(name).write_text(
            json.dumps({"pictured": False, "protocol": {"datasets": {}}, "seeds": {"0": {"overall": {}}}})
        )
    monkeypatch.setattr(summary, "build", counting)
    write_tables.files(summary.tables_of(both))
    assert built == [["translation"], ["classification"]]


# --- the README's markers


BEGIN, END = readme.RESULTS.begin, readme.RESULTS.end


@pytest.mark.parametrize("text", ["nothing", f"{BEGIN}", f"{END}{BEGIN}", f"{BEGIN * 2}{END}"])
def test_a_readme_without_its_markers_is_refused(text: str) -> None:
    with pytest.raises(tables.TableError, match="needs one line"):
        readme.merged(text, readme.RESULTS, f"{BEGIN}{END}")


@pytest.mark.parametrize("block", readme.BLOCKS, ids=lambda block: block.name)
def test_the_readme_of_this_project_is_up_to_date(block: readme.Block) -> None:
    text, made = ROOT / paths.README, ROOT / block.file
    if not (text.exists() and made.exists()):
        pytest.skip(f"{paths.README} or {block.file} is not there yet")
    assert readme.merged(text.read_text(), block, made.read_text()) == text.read_text()


# --- the stage


@pytest.mark.usefixtures("found")
def test_the_stage_writes_the_same_bytes_twice() -> None:
    write_tables.main()
    first = {file.name: file.read_bytes() for file in paths.tables().iterdir()}
    assert set(first) == {"findings.md", "summary.tex", "summary.md", "summary.html", "summary.csv", "numbers.tex"}
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
