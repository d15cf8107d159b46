"""The pipeline says what it is: stage files, dvc.yaml and paths agree, and declared deps cover what is imported."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from stages.harness.settings import members, params, paths, sweeps, yaml_text

ROOT = Path(__file__).resolve().parents[1]
STAGES: dict[str, Any] = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
TRAINING = ("acquire_data", "build_judges", "build_teachers", "distill_students")
PARAMS_FILES = [ROOT / "params.yaml", *sorted((ROOT / "scales").glob("*.yaml"))]


def body(stage: str) -> dict[str, Any]:
    """What an item of a stage does."""
    return STAGES[stage].get("do", STAGES[stage])


def flat(entries: list[Any]) -> list[str]:
    """Paths of a list of outs, whose entries may carry options."""
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]


def all_outs(stage: str) -> list[str]:
    return [path for kind in ("outs", "metrics", "plots") for path in flat(body(stage).get(kind, []))]


@cache
def imports(file: Path) -> frozenset[Path]:
    """Project files that a file imports, directly, inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            path = ROOT / (name.replace(".", "/") + ".py")
            if name.startswith("stages.") and path.exists():
                found.add(path)
    return frozenset(found)


def reached(file: Path) -> set[Path]:
    """Every project file an import leads to."""
    seen: set[Path] = set()
    waiting = [file]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting += imports(current)
    return seen


def expanded(dep: str, stage: str) -> list[Path]:
    """The files a dep may stand for: a member (of families those that rows name), a file, all of a folder."""
    axis = re.fullmatch(r"stages/(\w+)/\$\{[^}]+\}\.py", dep)
    if axis:
        section = STAGES[stage]["foreach"].strip("${} ")
        rows = [row for file in PARAMS_FILES for row in getattr(params.load(file), section).values()]
        names = {row.family for row in rows} if axis[1] == "families" else members.names(axis[1])
        return [ROOT / "stages" / axis[1] / f"{name}.py" for name in names]
    if not dep.startswith("stages/"):
        return []
    path = ROOT / dep
    return [path] if path.suffix == ".py" else [file for file in path.rglob("*.py") if file.name != "__init__.py"]


def file_of(stage: str) -> str:
    """The file that a stage runs; what has an item per variant may have one per sweep, too."""
    return stage.removesuffix("_sweeps")


def test_every_file_in_stages_is_a_stage_in_order() -> None:
    files = [file.stem for file in sorted((ROOT / "stages").glob("*.py")) if file.stem != "__init__"]
    assert list(dict.fromkeys(map(file_of, STAGES))) == files
    assert list(STAGES) == sorted(STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_each_stage_runs_its_own_file(stage: str) -> None:
    assert body(stage)["cmd"].split()[:3] == ["python", "-m", f"stages.{file_of(stage)}"]
    assert (file_of(stage) != stage) == (STAGES[stage].get("foreach") == "${sweeps}")


@pytest.mark.parametrize("stage", STAGES)
def test_declared_deps_cover_the_imports(stage: str) -> None:
    declared = {file for dep in body(stage)["deps"] for file in expanded(dep, stage)}
    assert ROOT / f"stages/{file_of(stage)}.py" in declared
    chosen = {file for file in declared if file.parent.name in members.AXES}
    needed = {found for file in declared for found in reached(file)}
    missing = needed - declared
    assert not missing, f"{stage} reaches {sorted(str(p.relative_to(ROOT)) for p in missing)} without declaring it"
    wanted = {found for file in {ROOT / f"stages/{file_of(stage)}.py", *chosen} for found in reached(file)}
    unneeded = declared - wanted
    assert not unneeded, f"{stage} declares {sorted(str(p.relative_to(ROOT)) for p in unneeded)} and never imports it"


@pytest.mark.parametrize("stage", ["count_costs", "measure_latency", "plot_figures"])
def test_stages_of_all_rows_declare_the_members_of_the_rows(stage: str) -> None:
    settings = params.load(ROOT / "params.yaml")
    # Figures draw the networks and lessons of variants alone.
    rows = (settings.variants if stage == "plot_figures" else sweeps.rows(settings)).values()
    used = {f"stages/families/{row.family}.py" for row in rows}
    if stage == "count_costs":
        used |= {f"stages/compressions/{row.compression}.py" for row in rows}
    if stage in ("count_costs", "plot_figures"):
        used |= {f"stages/distillations/{name}.py" for row in rows for name in row.distill.model_dump().values()}
    missing = used - set(body(stage)["deps"])
    assert not missing, f"{stage} looks at every row at once: add {', '.join(sorted(missing))} to its deps in dvc.yaml"


@pytest.mark.parametrize("file", PARAMS_FILES, ids=lambda file: file.name)
def test_stages_of_sweeps_declare_what_their_points_use(file: Path) -> None:
    settings = params.load(file)
    declared = {stage: set(body(stage)["deps"]) for stage in STAGES if file_of(stage) != stage}
    for name, sweep in settings.sweeps.items():
        for row in sweeps.points(name, sweep).values():
            lessons = row.distill.model_dump().values()
            used = {f"stages/compressions/{row.compression}.py", *(f"stages/distillations/{x}.py" for x in lessons)}
            assert used <= declared["distill_students_sweeps"]
            examination = members.load("families", row.family).EXAMINATION
            assert f"stages/examinations/{examination}.py" in declared["evaluate_quality_sweeps"]


@pytest.mark.parametrize("file", PARAMS_FILES, ids=lambda file: file.name)
def test_variants_are_examined_by_what_their_stage_declares(file: Path) -> None:
    for row in params.load(file).variants.values():
        examination = members.load("families", row.family).EXAMINATION
        assert f"stages/examinations/{examination}.py" in body("evaluate_quality")["deps"]


@pytest.mark.parametrize("stage", STAGES)
def test_deps_on_code_exist(stage: str) -> None:
    for dep in body(stage)["deps"]:
        if dep.startswith("stages/"):
            assert [file for file in expanded(dep, stage) if file.is_file()], f"{dep} is not there"


@pytest.mark.parametrize("stage", STAGES)
def test_no_dep_lies_in_another(stage: str) -> None:
    deps = body(stage)["deps"]
    assert not [dep for dep in deps for other in deps if dep.startswith(other + "/")]


@pytest.mark.parametrize("stage", TRAINING)
def test_no_training_depends_on_figures_or_tables(stage: str) -> None:
    text = str(body(stage)["deps"])
    assert "paper_figures" not in text
    assert "results.csv" not in text
    assert "plot_" not in text
    assert "write_tables" not in text


def test_outs_are_those_of_paths() -> None:
    named = {
        "acquire_data": [paths.dataset("${key}")],
        "build_judges": [paths.judge("${key}")],
        "build_teachers": [paths.teacher("${key}"), paths.teacher_curve("${key}")],
        "count_costs": [paths.costs()],
        "distill_students": [paths.students("${key}"), paths.student_curves("${key}")],
        "distill_students_sweeps": [paths.students("${key}"), paths.student_curves("${key}")],
        "evaluate_quality": [paths.quality("${key}"), paths.samples("${key}")],
        "evaluate_quality_sweeps": [paths.quality("${key}").with_suffix("")],
        "gather_results": [
            paths.results(),
            paths.comparisons(),
            paths.variance(),
            paths.training_curves(),
            paths.columns(),
        ],
        "measure_latency": [paths.latency()],
        "plot_figures": [paths.figures(), paths.manifest()],
        "write_tables": [paths.tables(), paths.cards(), paths.page()],
    }
    for stage, expected in named.items():
        assert sorted(all_outs(stage)) == sorted(path.as_posix() for path in expected), stage


@pytest.mark.parametrize("stage", STAGES)
def test_weights_are_cached_and_numbers_are_in_git(stage: str) -> None:
    entries = [entry for kind in ("outs", "metrics", "plots") for entry in body(stage).get(kind, [])]
    in_git = [isinstance(entry, dict) and next(iter(entry.values())).get("cache") is False for entry in entries]
    assert all(in_git) or not any(in_git), f"{stage} mixes cached outs and outs in git; DVC restores such only partly"
    assert not any(next(iter(e.values())).get("persist") for e in entries if isinstance(e, dict))


@pytest.mark.parametrize("file", PARAMS_FILES, ids=lambda file: file.name)
def test_every_params_file_parses(file: Path) -> None:
    loaded = params.load(file)
    assert loaded.variants


def test_what_is_published_is_trained_in_the_same_arithmetic_everywhere() -> None:
    assert params.load(ROOT / "params.yaml").run.precision == "float32"


@pytest.mark.parametrize("file", PARAMS_FILES, ids=lambda file: file.name)
def test_every_taught_row_has_a_same_size_control(file: Path) -> None:
    rows = sweeps.rows(params.load(file))
    controls = {
        (row.teacher, row.compression, str(row.student), str(row.compression_settings), row.schedule)
        for row in rows.values()
        if row.distill.generator == row.distill.discriminator == "none"
    }
    for name, row in rows.items():
        key = (row.teacher, row.compression, str(row.student), str(row.compression_settings), row.schedule)
        assert key in controls, f"{name} has no row of the same size that is not taught"


def test_params_hold_no_name_that_dvc_overlooks() -> None:
    for file in PARAMS_FILES:
        content, problems = yaml_text.read(file)
        assert content
        assert not problems
