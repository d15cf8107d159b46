"""`retort doctor` names what params.yaml asks for and the machine lacks; the machine and the records are read right."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import typer

from retort.checking import params
from retort.checking.yaml_text import parse
from retort.commands import doctor as command
from retort.engine import times
from stages.settings import git, machine, paths, provenance, speed
from stages.settings.rows import Params
from stages.storage import weights
from tests.small_graph import template, tree
from tests.smallest import TEXT

pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep.value:DeprecationWarning")
__all__ = ["template", "tree"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory, and no weights anywhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv(weights.ENVIRONMENT, raising=False)
    return tmp_path


def params_with(old: str = "", new: str = "") -> Params:
    """The smallest sound params with one edit."""
    assert old in TEXT
    content, _ = parse(TEXT.replace(old, new), "params.yaml")
    return params.validate(content)


def written(tmp_path: Path, name: str) -> Path:
    """A file in the place of published weights."""
    file = tmp_path / weights.PUBLISHED[name].file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    return file


@pytest.mark.usefixtures("here")
def test_the_embedded_default_lacks_nothing() -> None:
    assert list(command.what_is_missing(params_with())) == []
    assert command.describe_data(params_with()) == {"faces": "to be made by avatars"}
    data = paths.dataset("faces")
    data.mkdir(parents=True)
    (data / "header.json").touch()
    assert command.describe_data(params_with()) == {"faces": "prepared"}


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("extractor: judge", "extractor: inception", "inception"),
        ("network: judge", "network: alex", "alex"),
        ("network: judge", "network: vgg", "vgg"),
    ],
)
def test_weights_that_are_asked_for(here: Path, old: str, new: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = params_with(old, new)
    (sentence,) = command.what_is_missing(settings)
    assert weights.PUBLISHED[name].file in sentence
    assert f"retort fetch {name}" in sentence
    assert "asked for by params.yaml" in command.describe_weights(settings)[name]
    file = written(here / "elsewhere", name)
    monkeypatch.setenv(weights.ENVIRONMENT, str(file.parent))
    assert list(command.what_is_missing(settings)) == []
    assert command.describe_weights(settings)[name].startswith(str(file))


@pytest.mark.usefixtures("here")
def test_data_and_devices_that_are_asked_for() -> None:
    generated = "avatars, resolution: 16, settings: {labels: attributes, train: 24, validation: 8, test: 16, seed: 0}}"
    real = "celeba, resolution: 16, settings: {directory: data/raw/celeba, split: official}}"
    (sentence,) = command.what_is_missing(params_with(generated, real))
    assert sentence.startswith("data set faces: data/raw/celeba")
    assert "`retort fetch celeba`" in sentence
    own = "unpaired, resolution: 16, settings: {directory: data/raw/own, labels: [a, b], validation: 16, seed: 0}}"
    (sentence,) = command.what_is_missing(params_with(generated, own))
    assert sentence.startswith("data set faces: data/raw/own/trainA")
    assert "retort fetch" not in sentence
    assert command.how_to_get("horse2zebra", "unpaired") == "; `retort fetch horse2zebra` says how to get it"
    if command.describe_torch()["GPU"] == "none":
        (sentence,) = command.what_is_missing(params_with("device: cpu", "device: cuda"))
        assert "device: auto" in sentence


@pytest.mark.usefixtures("tree")
def test_the_whole_screen_and_the_same_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as left:
        command.doctor(as_json=True)
    assert left.value.exit_code == 1
    told = json.loads(capsys.readouterr().out)
    assert "`retort check`" in told["missing"][0]
    assert told["work"] == {"items": 9, "stale": "9, and 0 that follow", "time": "unknown: nothing was timed yet"}
    assert told["repository"]["git"] == "clean"
    assert told["machine"]["cores"] == machine.cores()
    provenance.record("acquire", "a", 60.0, {})
    with pytest.raises(typer.Exit):
        command.doctor()
    out = " ".join(capsys.readouterr().out.split())
    assert "bfloat16" in out
    assert "time about 4 min 30 s on 2 cores" in out or machine.cores() != 2


def test_a_record_is_read_back(here: Path) -> None:
    with provenance.timed("distill_students", "set1-w16", precision="float32") as extra:
        extra["device"] = "cpu"
    provenance.record("count_costs", "", 2.5, {})
    entry = json.loads(paths.provenance("distill_students", "set1-w16").read_text(encoding="utf-8"))
    assert entry["precision"] == "float32"
    assert entry["device"] == "cpu"
    assert entry["python"] == platform.python_version()
    assert entry["cores"] >= 1
    assert {"torch", "dvc", "cpu", "finished"} <= entry.keys()
    assert "commit" not in entry
    (here / "results" / "provenance" / "broken.json").write_text("<<<<<<< HEAD", encoding="utf-8")
    assert provenance.durations() == {"count_costs": 2.5, "distill_students@set1-w16": entry["seconds"]}
    assert list((here / "results" / "provenance").glob(".*")) == []


@pytest.mark.usefixtures("here")
def test_times_are_scaled_to_this_machine_where_both_speeds_are_known() -> None:
    provenance.record("build_teachers", "old", 10.0, {})
    assert times.known().of_another_machine(["build_teachers@old"])
    mine = speed.here(measure=True)
    assert mine is not None
    assert speed.here() == mine
    provenance.record("build_teachers", "mine", 10.0, {})
    provenance.record("build_teachers", "theirs", 10.0, {provenance.SPEED: 2 * mine})
    found = times.known()
    assert found.seconds == {"build_teachers@old": 10.0, "build_teachers@mine": 10.0, "build_teachers@theirs": 20.0}
    assert found.elsewhere == {"build_teachers@old"}
    assert found.of_another_machine(["build_teachers@mine", "build_teachers@theirs"]) == ""
    told = found.of_another_machine(["build_teachers@old", "build_teachers@mine"])
    assert told == " on the machine that ran last; this one may need longer"


def test_measuring_leaves_the_random_numbers_and_the_threads_as_they_are() -> None:
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    assert speed.measured() > 0
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


def fail() -> None:
    """What a stage may do."""
    raise ZeroDivisionError


def test_a_failed_item_leaves_no_record(here: Path) -> None:
    with pytest.raises(ZeroDivisionError), provenance.timed("distill_students", "set1-w16"):
        fail()
    assert not (here / "results").exists()


@pytest.mark.usefixtures("tree")
def test_the_commit_is_recorded_with_whether_files_differ_from_it() -> None:
    clean = git.commit()
    assert len(clean["commit"]) == 40
    assert clean["modified"] is False
    Path("step.py").write_text("", encoding="utf-8")
    assert git.commit() == {**clean, "modified": True}


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system does not bind processes to cores")
def test_cores_are_those_of_this_process() -> None:
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        assert machine.cores() == 1
    finally:
        os.sched_setaffinity(0, allowed)


def test_the_processor_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def with_facts(text: str, ask: Callable[[], object]) -> object:
        (tmp_path / "cpuinfo").write_text(text, encoding="utf-8")
        machine.facts.cache_clear()
        return ask()

    monkeypatch.setattr(machine, "CPU_FACTS", tmp_path / "cpuinfo")
    one = (
        "model name\t: Some CPU\nflags\t\t: fpu avx2 fma avx512f avx512bw avx512vl avx512_bf16\n\nmodel name\t: Other\n"
    )
    assert with_facts(one, machine.cpu_model) == "Some CPU"
    assert with_facts(one, machine.instruction_sets) == ("AVX2", "AVX-512", "AVX512-BF16")
    assert with_facts(one, machine.native_bfloat16) is True
    assert with_facts("flags : avx2\n", machine.native_bfloat16) is False
    assert with_facts("flags : avx2\n", machine.instruction_sets) == ()
    machine.facts.cache_clear()
    assert machine.memory_bytes() > 1 << 28


def test_weights_that_lessons_look_through_are_asked_for() -> None:
    paper = params.typed(Path(__file__).resolve().parents[1] / paths.SCALES / "paper.yaml")
    assert set(command.wanted_weights(paper)) == set(weights.PUBLISHED)
