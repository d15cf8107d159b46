"""The artifact appendix tells each claim's outcome, a command that exists, and times and sizes as they are recorded."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from retort.commands import app
from retort.engine import graph as graphs
from retort.engine.graph import Graph, stage_of
from retort.engine.ledger import clock
from retort.exchange import appendix
from retort.verification import checklist, repository
from stages.findings import claims, tables
from stages.settings import paths
from stages.tables import latex, markdown
from tests.small_graph import sh, template, tree

__all__ = ["template", "tree"]

ROOT = Path(__file__).resolve().parents[1]
NEEDED = ("dvc.yaml", "CITATION.cff", "pyproject.toml")
OUTCOMES = (
    ("A taught student errs less & costs 10 % of it.", "holds", "set1-w4b3-fr5out set1-w4b3-none", "l1"),
    ("Digits: the student is small.", "does not hold", "digits/none digits/teacher", "macs"),
    ("Digits: the student errs more.", "holds", "digits/none digits/teacher", "error"),
    ("Lesson and game agree_less.", "cannot tell", "set1-w4b3-fr5out", "cosine_slope"),
    ("Of another scale.", "other scale", "", "l1"),
)
PDFLATEX = shutil.which("pdflatex")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Graph]:
    """A repository at the smoke scale in which every item has left a record, though nothing ran."""
    root = tmp_path_factory.mktemp("artifact")
    with contextlib.chdir(root):
        for name in NEEDED:
            shutil.copyfile(ROOT / name, name)
        shutil.copyfile(ROOT / "scales" / "smoke.yaml", paths.PARAMS)
        sh(sys.executable, "-m", "dvc", "init", "-q", "--no-scm")
        graph = graphs.wired()
        lock: dict[str, Any] = {}
        for place, item in enumerate(graph.needs, 1):
            out = {"path": f"{item}.a", "hash": "md5", "md5": "0" * 32, "size": 10**6 * place}
            lock[item] = {"cmd": "make", "outs": [out]}
            stage, _, name = item.partition("@")
            record = {"stage": stage, "name": name, "seconds": 60.5 + place, "cpu": "A & B", "cores": 2}
            record |= {"platform": "Linux", "python": "3.11", "torch": "2.13", "dvc": "3.67.1"}
            if item != graphs.GATE:
                paths.provenance(stage, name).parent.mkdir(parents=True, exist_ok=True)
                paths.provenance(stage, name).write_text(json.dumps(record))
        with paths.LOCK.open("w") as file:
            YAML().dump({"schema": "2.0", "stages": lock}, file)
        columns = ("claim", "outcome", "rows", "metric", "figures", "headline", "problems")
        told = [
            dict(zip(columns, (*each, "0.03 to 0.04", place == 0, ""), strict=True))
            for place, each in enumerate(OUTCOMES)
        ]
        claims.TABLE.write_text(tables.text(claims.COLUMNS, told))
    return root, graph


@pytest.fixture
def graph(finished: tuple[Path, Graph], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Graph:
    """The graph of a copy of it, which is the current directory."""
    shutil.copytree(finished[0], tmp_path / "tree")
    monkeypatch.chdir(tmp_path / "tree")
    return finished[1]


def run(*arguments: str, status: int = 0) -> str:
    done = CliRunner().invoke(app, ["artifact", *arguments])
    assert done.exit_code == status, done.output
    return done.output


def parts() -> list[str]:
    """What is said of each claim."""
    return re.split(r"^### \d+\. ", appendix.FILE.read_text(), flags=re.MULTILINE)[1:]


def test_every_claim_stands_once_with_its_outcome(graph: Graph) -> None:
    assert graph.needs
    run()
    for (claim, outcome, rows, _), part in zip(OUTCOMES, parts(), strict=True):
        assert part.startswith(f"{markdown.escape(claim)}\n")
        assert f"Expected: **{outcome}** (0.03 to 0.04)." in part
        assert ("\nretort repro" in part) == bool(rows)
    assert "Headline claims: 1." in appendix.FILE.read_text()


def test_commands_name_what_decides_and_their_cost_is_that_of_all_they_run(graph: Graph) -> None:
    run()
    wanted = (
        {"evaluate_quality@set1-w4b3-fr5out", "distill_students@set1-w4b3-none", "build_teachers@set1"},
        {"count_costs"},
        {"evaluate_quality_sweeps@digits", "distill_students_sweeps@digits", "build_teachers@digits"},
        {"distill_students@set1-w4b3-fr5out", "build_teachers@set1"},
    )
    for inside, part in zip(wanted, parts(), strict=False):
        (command,) = re.findall(r"^retort repro .*$", part, re.MULTILINE)
        assert not list(checklist.amiss(command, ROOT))
        items = graph.select(command.split()[2:])
        assert inside <= items
        place = {item: number for number, item in enumerate(graph.needs, 1)}
        seconds = {item: 60.5 + place[item] if item != graphs.GATE else 0.0 for item in items}
        size = sum(place[item] for item in items)
        assert f"{clock(sum(seconds.values()))} on one; {len(items)} items, {size:,} MB." in part
        assert f" {clock(graphs.span(graph, items, seconds, appendix.CORES))} on {appendix.CORES} cores" in part
    whole = sum(range(1, len(graph.needs) + 1))
    seconds = {item: 60.5 + number if item != graphs.GATE else 0.0 for number, item in enumerate(graph.needs, 1)}
    for cores in appendix.MORE:
        assert f" {clock(graphs.span(graph, graph.needs, seconds, cores))} on {cores}" in appendix.FILE.read_text()
    assert f"{whole:,} MB of data, weights and results" in appendix.FILE.read_text()
    assert f"for all {len(graph.needs)} items" in appendix.FILE.read_text()


def test_rows_that_are_no_ones_are_not_trained_for_a_claim(graph: Graph) -> None:
    run()
    (command,) = re.findall(r"^retort repro .*$", parts()[0], re.MULTILINE)
    trained = {item for item in graph.select(command.split()[2:]) if stage_of(item).startswith("distill_students")}
    assert trained == {"distill_students@set1-w4b3-fr5out", "distill_students@set1-w4b3-none"}


@pytest.mark.usefixtures("graph")
def test_what_is_not_recorded_is_not_told() -> None:
    paths.provenance("build_teachers", "set1").unlink()
    assert "build_teachers@set1" in run(status=1)
    assert not appendix.FILE.exists()
    claims.TABLE.unlink()
    assert str(claims.TABLE) in run(status=1)
    paths.LOCK.unlink()
    assert "nothing has run" in run(status=1)
    assert ".md or .tex" in run("appendix.pdf", status=2)


@pytest.mark.usefixtures("graph")
def test_an_outcome_that_changed_since_is_found() -> None:
    run()
    assert not list(appendix.findings(Path()))
    told = appendix.FILE.read_text()
    appendix.FILE.write_text(told.replace("**does not hold**", "**holds**"))
    Path("CITATION.cff").unlink()
    (found,) = repository.findings()
    assert "does not hold" in found.what
    appendix.FILE.write_text(told.replace("Of another scale", "Of no scale"))
    assert ["other scale" in each.what for each in appendix.findings(Path())] == [True]


@pytest.mark.skipif(not PDFLATEX, reason="no pdflatex: apt-get install texlive-latex-recommended")
@pytest.mark.usefixtures("graph")
def test_it_compiles_alone_and_in_a_paper() -> None:
    run("appendix.tex")
    text = Path("appendix.tex").read_text()
    for claim, outcome, *_ in OUTCOMES:
        assert rf"\item {latex.escape(claim)} \textbf{{{outcome}}}" in text
    Path("paper.tex").write_text(
        "\\documentclass{article}\\begin{document}Text.\\appendix\n\\input{appendix}\\end{document}"
    )
    for name in ("appendix.tex", "paper.tex"):
        command = [str(PDFLATEX), "-interaction=nonstopmode", "-halt-on-error", name]
        done = subprocess.run(command, capture_output=True)
        assert done.returncode == 0, done.stdout.decode("latin-1")[-2000:]


def test_edges_are_those_that_a_run_follows(tree: Path) -> None:
    assert tree.exists()
    assert graphs.wired().needs == graphs.read().needs
    assert not graphs.wired().stale
