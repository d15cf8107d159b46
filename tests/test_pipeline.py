"""The pipeline says what it is: stage files, dvc.yaml, paths and params files agree."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from retort.checking import accepting, params, yaml_text
from stages.findings import claims, factors, headlines, lengths, plots
from stages.settings import paths, sweeps

ROOT = Path(__file__).resolve().parents[1]
STAGES: dict[str, Any] = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
TRAINING = (
    "acquire_data", "build_judges", "build_teachers", "build_wide_students", "choose_students", "distill_students",
    "distill_students_chosen",
)  # fmt: skip
PARAMS_FILES = [ROOT / "params.yaml", *sorted((ROOT / "scales").glob("*.yaml"))]


def body(stage: str) -> dict[str, Any]:
    """What an item of a stage does."""
    return STAGES[stage].get("do", STAGES[stage])


def flat(entries: list[Any]) -> list[str]:
    """Paths of a list of outs, whose entries may carry options."""
    return [entry if isinstance(entry, str) else next(iter(entry)) for entry in entries]


def all_outs(stage: str) -> list[str]:
    return [path for kind in ("outs", "metrics", "plots") for path in flat(body(stage).get(kind, []))]


def file_of(stage: str) -> str:
    """The file that a stage runs; what has an item per variant may have one per chosen row and per sweep, too."""
    return sweeps.file(stage)


@pytest.mark.parametrize("stage", [stage for stage in STAGES if stage != "accept_rows"])
def test_each_stage_runs_its_own_file(stage: str) -> None:
    assert body(stage)["cmd"].split()[:3] == ["python", "-m", f"stages.{file_of(stage)}"]
    assert (file_of(stage) != stage) == (STAGES[stage].get("foreach") in ("${chosen}", "${sweeps}"))


def test_what_trains_waits_for_the_check_and_for_nothing_that_changes_with_params() -> None:
    assert body("accept_rows")["deps"] == ["params.yaml"]
    assert "results/accepted.txt" in body("acquire_data")["deps"]
    for stage in ("acquire_data", "build_judges", "build_teachers", "distill_students", "evaluate_quality"):
        assert not {"params.yaml", "results/rows.json"} & set(body(stage)["deps"])


@pytest.mark.parametrize("stage", TRAINING)
def test_no_training_depends_on_figures_or_tables(stage: str) -> None:
    text = str(body(stage)["deps"])
    assert "paper_figures" not in text
    assert "results.csv" not in text
    assert "plot_" not in text
    assert "write_tables" not in text


def test_outs_are_those_of_paths() -> None:
    item = "${key}"
    trained = [paths.students(item), paths.student_curves(item)]
    named = {
        "accept_rows": [accepting.ACCEPTED, *accepting.ABOUT, accepting.ROWS],
        "acquire_data": [paths.dataset(item)],
        "build_judges": [paths.judge(item)],
        "build_teachers": [paths.teacher(item), paths.teacher_curve(item)],
        "build_wide_students": [paths.wide(item), paths.wide_curve(item)],
        "choose_students": [paths.choice(item)],
        "count_costs": [paths.costs()],
        "distill_students": trained,
        "distill_students_chosen": trained,
        "distill_students_sweeps": trained,
        "establish_protocols": [paths.protocol(item)],
        "evaluate_quality": [paths.quality(item), paths.samples(item)],
        "evaluate_quality_chosen": [paths.quality(item), paths.samples(item)],
        "evaluate_quality_sweeps": [paths.quality(item).with_suffix(""), paths.samples(item).with_suffix("")],
        "export_networks": [paths.exported_networks(item), paths.exported(item)],
        "export_readers": [paths.readers()],
        "gather_curves": [paths.training_curves(), paths.moments()],
        "gather_results": [
            *(paths.results(), paths.comparisons(), paths.additions(), paths.variance()),
            *(paths.paces(), paths.picks(), paths.evidence(), paths.dictionary(), paths.columns()),
            *(factors.TABLE, lengths.TABLE, claims.TABLE, headlines.FOLDER, plots.FOLDER),
        ],
        "measure_latency": [paths.latency()],
        "plot_figures": [paths.figures(), paths.manifest()],
        "write_tables": [paths.tables(), paths.cards(), paths.page()],
    }
    assert list(named) == list(STAGES)
    for stage, expected in named.items():
        assert sorted(all_outs(stage)) == sorted(path.as_posix() for path in expected), stage


@pytest.mark.parametrize("stage", STAGES)
def test_weights_are_cached_and_numbers_are_in_git(stage: str) -> None:
    entries = [entry for kind in ("outs", "metrics", "plots") for entry in body(stage).get(kind, [])]
    in_git = [isinstance(entry, dict) and next(iter(entry.values())).get("cache") is False for entry in entries]
    assert all(in_git) or not any(in_git), f"{stage} mixes cached outs and outs in git; DVC restores such only partly"
    assert not any(next(iter(e.values())).get("persist") for e in entries if isinstance(e, dict))


def test_what_dvc_shows_is_made_by_the_pipeline() -> None:
    content = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
    shown = {*flat(content["metrics"]), *flat(content["plots"])}
    made = {out for stage in STAGES for out in all_outs(stage)}
    assert shown == {path for path in shown if path in made or any(path.startswith(f"{out}/") for out in made)}
    # Files of hundreds of numbers would bury these in `dvc metrics show`.
    assert not [stage for stage in STAGES if {"metrics", "plots"} & body(stage).keys()]


@pytest.mark.parametrize("file", PARAMS_FILES, ids=lambda file: file.name)
def test_every_params_file_parses(file: Path) -> None:
    loaded = params.checked(file)
    assert loaded.variants


def test_what_is_published_is_trained_in_the_same_arithmetic_everywhere() -> None:
    assert params.checked(ROOT / "params.yaml").run.precision == "float32"


@pytest.mark.parametrize("file", PARAMS_FILES, ids=lambda file: file.name)
def test_every_taught_row_has_a_same_size_control(file: Path) -> None:
    rows = sweeps.rows(params.checked(file))
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


@pytest.mark.parametrize("file", PARAMS_FILES, ids=lambda file: file.name)
def test_rows_are_lines_that_can_be_read(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    rows = text[text.index("\nvariants:") : text.index("\nsweeps:")].splitlines()
    assert max(map(len, rows)) <= 160
    assert all(len(line) <= 190 for line in text.splitlines())
