"""What `dvc metrics` and `dvc plots` show: numbers of the tables, in files that DVC reads and templates it fills."""

from __future__ import annotations

import contextlib
import csv
import json
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dvc.render.match import match_defs_renderers
from dvc.repo import Repo
from dvc.utils import errored_revisions

from stages.findings import headlines, plots
from stages.findings.plots import EVIDENCE, KEYS
from stages.settings import params, paths, sweeps
from tests import all_tables, fabricated
from tests.small_graph import sh

ROOT = Path(__file__).resolve().parents[1]
TEMPLATES = Path(".dvc") / "plots"
# The smallest PNG there is, in place of the figure.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cf000000030101007f5b2d2d0000000049454e44ae426082"
)


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of git and DVC in which all stages before the figures left their files, committed."""
    root = tmp_path_factory.mktemp("shown")
    with contextlib.chdir(root):
        paths.PARAMS.write_text(fabricated.SMOKE, encoding="utf-8")
        fabricated.fabricate()
        paths.GRAPH.write_text(fabricated.GRAPH, encoding="utf-8")
        paths.figures().mkdir(parents=True)
        paths.figure("summary.png").write_bytes(PIXEL)
        git = ("git", "-c", "user.name=somebody", "-c", "user.email=somebody@example.org")
        sh(*git, "init", "-q")
        sh(sys.executable, "-m", "dvc", "init", "-q")
        shutil.copytree(ROOT / TEMPLATES, TEMPLATES)
        sh(*git, "add", "-A")
        sh(*git, "commit", "-qm", "start")
    return root


@pytest.fixture
def here(gathered: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(gathered)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(tmp_path))
    return gathered


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def of_row(name: str, column: str) -> list[float]:
    """A column of results.csv, seed by seed."""
    return [float(line[column]) for line in table(paths.results()) if line["variant"] == name]


def leaves(content: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - any JSON value
    for key, value in content.items():
        yield from leaves(value) if isinstance(value, dict) else [(key, value)]


@pytest.mark.usefixtures("here")
def test_metrics_are_those_of_the_tables() -> None:
    rows, decides = sweeps.rows(params.read()), json.loads(paths.dictionary().read_text())["problems"]
    compared = {(line["variant"], line["metric"]): line["verdict"] for line in table(paths.comparisons())}
    shown = {name for names in headlines.of_problems(rows).values() for name in names}
    assert {file for file in headlines.FOLDER.rglob("*") if file.is_file()} == {headlines.file(name) for name in shown}
    for name in shown:
        content = json.loads(headlines.file(name).read_text())
        judged_by = decides[rows[name].problem]["headline"]
        values = of_row(name, judged_by)
        assert content[f"{judged_by}_mean"] == pytest.approx(statistics.fmean(values), abs=2e-6)
        assert (f"{judged_by}_deviation" in content) == (len(values) > 1)
        if len(values) > 1:
            assert content[f"{judged_by}_deviation"] == pytest.approx(statistics.stdev(values), abs=2e-6)
        assert content["macs"] == of_row(name, "macs")[0]
        assert content["seeds"] == len(values)
        assert content.get("verdict") == compared.get((name, judged_by))


@pytest.mark.usefixtures("here")
def test_headline_rows_come_first_and_few_others() -> None:
    rows = sweeps.rows(params.read())
    for problem, names in headlines.of_problems(rows).items():
        whole = [name for name, row in rows.items() if row.problem == problem]
        students = [name for name in names if rows[name].compression != "none"]
        assert names == [name for name in whole if name in names]
        assert set(whole) - set(names) <= {name for name in whole if rows[name].compression != "none"}
        assert headlines.MOST >= len(students) >= any(rows[n].compression != "none" for n in whole)
        marked = [name for name in whole if rows[name].headline and name in students]
        assert not marked or students == marked
    several = {name: row.model_copy(update={"headline": False}) for name, row in rows.items()}
    found = [name for names in headlines.of_problems(several).values() for name in names]
    for problem in {row.problem for row in rows.values()}:
        chosen = [several[name] for name in found if several[name].problem == problem]
        seeds = [len(row.seeds) for row in chosen if row.compression != "none"]
        known = [len(row.seeds) for row in several.values() if row.problem == problem and row.compression != "none"]
        assert all(count > 1 for count in seeds) or max(known) == 1


@pytest.mark.usefixtures("here")
def test_dvc_shows_every_metric_and_takes_none_for_an_error() -> None:
    with Repo() as repo:
        shown: Any = repo.metrics.show()
    assert not errored_revisions(shown)
    ((_, found),) = shown.items()
    files = {Path(name): each["data"] for name, each in found["data"].items()}
    assert set(files) == set(headlines.FOLDER.rglob("*.json"))
    assert all(content == json.loads(file.read_text()) for file, content in files.items())
    # A key of this name makes DVC say that it failed to read the file.
    assert "error" not in dict(leaves(files))


@pytest.mark.usefixtures("here")
def test_dvc_shows_what_changed_since_a_commit() -> None:
    file = next(headlines.FOLDER.rglob("*.json"))
    before = file.read_bytes()
    content = json.loads(before)
    key = next(key for key in content if key.endswith("_mean"))
    try:
        file.write_text(json.dumps({**content, key: content[key] + 1}))
        with Repo() as repo:
            found = repo.metrics.diff("HEAD", "workspace")["diff"]
    finally:
        file.write_bytes(before)
    ((path, changed),) = found.items()
    assert Path(path) == file
    assert set(changed) == {key}
    assert changed[key]["diff"] == pytest.approx(1)


@pytest.mark.usefixtures("here")
def test_plots_compare_all_rows_of_a_problem() -> None:
    rows, decides = sweeps.rows(params.read()), json.loads(paths.dictionary().read_text())["problems"]
    assert {file.stem for file in plots.QUALITY.iterdir()} == set(decides)
    for problem, judged in decides.items():
        lines = table(plots.QUALITY / f"{problem}.csv")
        assert [line["row"] for line in lines] == [name for name, row in rows.items() if row.problem == problem]
        for line in lines:
            values = of_row(line["row"], judged["headline"])
            found = [float(line[key]) for key in ("least", "quality", "most")]
            assert found == pytest.approx([min(values), statistics.fmean(values), max(values)], abs=2e-6)
            assert float(line["macs"]) == of_row(line["row"], "macs")[0]


@pytest.mark.usefixtures("here")
def test_curves_are_means_over_seeds_of_the_losses_that_all_have() -> None:
    rows, points = sweeps.rows(params.read()), table(paths.training_curves())
    files = sorted(plots.CURVES.iterdir())
    families = {f"teachers-{teacher.family}" for teacher in params.read().teachers.values()}
    assert {file.stem for file in files} == families | {r.problem for r in rows.values() if r.compression != "none"}
    for file in files:
        lines = table(file)
        of = "teacher" if file.stem.startswith("teachers-") else "variant"
        names = list(dict.fromkeys(line["row"] for line in lines))
        assert 0 < len(names) <= max(headlines.MOST, len(params.read().teachers))
        mine = [point for point in points if point["kind"] == of and point["name"] in names]
        losses = {loss for loss in points[0] if loss not in KEYS and not loss.startswith(EVIDENCE)}
        common = {loss for loss in losses if all(any(p[loss] for p in mine if p["name"] == name) for name in names)}
        assert {line["loss"] for line in lines} == {each.replace("_", " ").replace("/", ": ") for each in common}
        assert "euclidean" not in "".join(line["loss"] for line in lines)
        expected: dict[tuple[str, str, str], list[float]] = {}
        for point in mine:
            for loss in common:
                key = point["name"], loss.replace("_", " ").replace("/", ": "), point["step"]
                expected.setdefault(key, []).append(float(point[loss]))
        found = {(line["row"], line["loss"], line["step"]): float(line["value"]) for line in lines}
        assert found == {key: pytest.approx(statistics.fmean(each), rel=1e-3) for key, each in expected.items()}


@pytest.mark.usefixtures("here")
def test_dvc_draws_every_declared_plot_with_its_template() -> None:
    with Repo() as repo:
        shown = repo.plots.show()
        drawn = match_defs_renderers(shown, templates_dir=repo.plots.templates_dir)
    assert not errored_revisions(shown)
    wanted = {file.as_posix() for file in plots.FOLDER.rglob("*.csv")} | {paths.figure("summary.png").as_posix()}
    assert {each.renderer.name for each in drawn} == wanted
    for each in drawn:
        assert not each.source_errors
        assert not each.definition_errors
        if not each.renderer.name.endswith(".csv"):
            continue
        spec = json.dumps(each.renderer.get_filled_template())
        assert "<DVC_METRIC" not in spec
        lines = table(Path(each.renderer.name))
        assert json.loads(spec)["data"]["values"] == [
            {**line, "rev": "workspace"} | {key: value[key] for key in ("filename", "field") if key in value}
            for line, value in zip(lines, json.loads(spec)["data"]["values"], strict=True)
        ]
        fields = {value for key, value in fields_of(json.loads(spec)) if key in ("field", "x2")}
        assert fields <= {*lines[0], "rev"}
        assert lines[0].keys() - fields <= {"thesis", "called"}


def fields_of(spec: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON value
    """Every text of a specification that stands at a key, less the data."""
    for key, value in spec.items() if isinstance(spec, dict) else enumerate(spec):
        if key == "values":
            continue
        if isinstance(value, dict | list):
            yield from fields_of(value)
        elif isinstance(value, str):
            yield str(key), value


@pytest.mark.usefixtures("here")
def test_what_is_no_more_is_taken_away() -> None:
    old = [headlines.file("gone"), headlines.file("swept/gone"), plots.QUALITY / "gone.csv", plots.CURVES / "gone.csv"]
    for file in old:
        file.parent.mkdir(exist_ok=True)
        file.write_text("{}")
    kept = {file: file.read_bytes() for top in (headlines.FOLDER, plots.FOLDER) for file in top.rglob("*.*")}
    all_tables.gather()
    assert not any(file.exists() for file in old)
    left = {file: file.read_bytes() for top in (headlines.FOLDER, plots.FOLDER) for file in top.rglob("*.*")}
    assert left == {file: content for file, content in kept.items() if file not in old}


def test_the_templates_are_what_dvc_yaml_names() -> None:
    named = {line.split()[1] for line in fabricated.GRAPH.splitlines() if line.strip().startswith("template:")}
    assert {file.stem for file in (ROOT / TEMPLATES).iterdir()} == named
    listed = subprocess.run(["git", "check-ignore", str(TEMPLATES)], cwd=ROOT, capture_output=True, text=True)
    assert not listed.stdout
