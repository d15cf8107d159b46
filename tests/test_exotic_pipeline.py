"""Through real DVC, a family added as one file runs the whole pipeline; of the project's code nothing else changes."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from stages.settings import paths
from tests import exotic
from tests.cloned import call, clone, everything, retort
from tests.exotic_params import SHORT, STUDENTS

# The tables of README.md are the pipeline's too.
MADE = ("data/", "results/", "paper_figures/", "dvc.lock", "README.md")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of the project in which the family was added, and everything ran."""
    folder = clone(tmp_path_factory.mktemp("clone"))
    member = folder / "stages" / "families" / "exotic"
    member.mkdir()
    shutil.copyfile(exotic.__file__, member / "__init__.py")
    (folder / "params.yaml").write_text(SHORT, encoding="utf-8")
    retort(folder, "deps", "--write")
    retort(folder, "check")
    everything(folder)
    return folder


def table(folder: Path) -> dict[str, dict[str, str]]:
    """The lines of results.csv by row."""
    with (folder / paths.results()).open(encoding="utf-8") as file:
        return {row["variant"]: row for row in csv.DictReader(file)}


def test_the_family_runs_from_data_to_tables_without_a_line_outside_its_file(finished: Path) -> None:
    assert call(finished, "dvc", "status").strip() == "Data and pipelines are up to date."
    changed = call(finished, "git", "status", "--porcelain", "--untracked-files=all").splitlines()
    code = {line[3:] for line in changed if not line[3:].startswith(MADE)}
    assert code == {"params.yaml", "dvc.yaml", "stages/families/exotic/__init__.py"}, "dvc.yaml is derived"


def test_every_row_is_examined_as_a_translator(finished: Path) -> None:
    rows = table(finished)
    assert set(rows) == set(STUDENTS)
    assert {row["examination"] for row in rows.values()} == {"translation"}
    assert all(float(row["l1"]) > 0 for row in rows.values())
    assert (rows["strange-none"]["pace"], rows["strange-taught"]["pace"]) == ("constant", "linear/constant")
    report = json.loads((finished / paths.quality("strange-taught")).read_text())
    assert report["protocol"]["shared"]["examination"] == "translation"
    assert report["headline"] == "l1"
    assert (finished / paths.samples("strange-taught")).read_bytes().startswith(b"\x89PNG")


def test_every_row_is_counted_with_its_training_and_timed(finished: Path) -> None:
    costs = json.loads((finished / paths.costs()).read_text())
    large, rows = costs["teachers"]["strange"], costs["variants"]
    assert large["roles"] == {"generator": ["forth", "back"], "discriminator": ["forth_critic", "back_critic"]}
    for entry in (large, *rows.values()):
        for column in ("parameters", "macs", "bytes"):
            assert entry["kept"][column] == sum(entry["networks"][name][column] for name in ("forth", "back"))
    training = {name: row["training"] for name, row in rows.items()}
    assert training["strange-teacher"]["macs"] > 0 == training["strange-teacher"]["teacher"], "its own training"
    assert training["strange-none"]["teacher"] == 0 < training["strange-taught"]["teacher"]
    assert training["strange-none"]["macs"] < training["strange-taught"]["macs"]
    assert {name: int(row["training_macs"]) for name, row in table(finished).items()} == {
        name: each["macs"] for name, each in training.items()
    }
    # One direction is taught, through one adapter of 1x1: a weight per pair of channels, and a bias.
    assert {name: row["adapters"] for name, row in rows.items() if row["adapters"]} == {"strange-taught": 4 * 8 + 8}
    assert set(json.loads((finished / paths.latency()).read_text())["variants"]) == set(STUDENTS)


@pytest.mark.parametrize("name", STUDENTS)
def test_what_is_written_of_a_student_is_both_translators(name: str, finished: Path) -> None:
    found = load_file(finished / paths.student(name, 0))
    assert {key.split(".")[0] for key in found} == {"forth", "back"}
    columns = (finished / paths.student_curve(name, 0)).read_text().splitlines()[0].split("\t")
    if name == "strange-teacher":
        assert columns == ["step"]
        return
    assert {"critics/forth_real", "penalty/back_r1", "translators/cycle"} <= set(columns)
    lessons = {"translators/euclidean_forth.res2", "critics/attention_back_critic.trunk", "evidence/cosine"}
    assert lessons & set(columns) == (lessons if name == "strange-taught" else set())


def test_a_written_average_has_the_running_statistics_of_the_trained_network(finished: Path) -> None:
    average, last = (load_file(finished / paths.student(f"strange-{name}", 0)) for name in ("none", "last"))
    running = [name for name in average if name.rsplit(".", 1)[-1].startswith(("running", "num_batches"))]
    assert len(running) == 2 * 3 * (1 + 2 * 2), "of both translators with two blocks"
    assert all(torch.equal(average[name], last[name]) for name in running)
    assert all(not torch.equal(average[name], last[name]) for name in set(average) - set(running))


def test_a_line_changed_in_the_family_reaches_its_trainings(finished: Path) -> None:
    with (finished / "stages" / "families" / "exotic" / "__init__.py").open("a", encoding="utf-8") as file:
        file.write("# A remark.\n")
    stale = set(json.loads(call(finished, "dvc", "status", "--json")))
    assert {"build_teachers@strange", *(f"distill_students@{name}" for name in STUDENTS)} <= stale
    assert not stale & {"acquire_data@faces", "build_judges@faces", "establish_protocols@translation"}
