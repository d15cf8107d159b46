"""Times are taken in turns and summed up by rounds; equal specs are timed once; peak memory is what must be there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from stages import measure_latency
from stages.families import stargan
from stages.metrics import latency
from stages.settings import machine, members, params, paths, specs, sweeps
from stages.settings.rows import Latency
from stages.timing import sizes
from tests import searched
from tests.smallest import TEXT

CPU = torch.device("cpu")
PLAN = Latency(batches=[2], repeats=5, warmup=2)
SPEC = stargan.Spec(labels=2, classes=2, resolution=16, width=4, blocks=6, critic_width=4)


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the stage writes at the smallest scale, where two rows have one spec; on one core.

    Threads that wait for each other would wait long where other tests run at the same time.
    """
    here, root, allowed = Path.cwd(), tmp_path_factory.mktemp("latency"), os.sched_getaffinity(0)
    (root / "params.yaml").write_text(TEXT)
    os.chdir(root)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        measure_latency.main()
        assert paths.provenance("measure_latency", "").exists()
        return json.loads(paths.latency().read_text())
    finally:
        os.sched_setaffinity(0, allowed)
        os.chdir(here)


def test_quartiles_of_known_times() -> None:
    found = latency.latency(torch.tensor([0.005, 0.001, 0.003, 0.002, 0.004]))
    assert found == pytest.approx({"latency_ms": 3.0, "latency_ms_q1": 2.0, "latency_ms_q3": 4.0})


def test_a_slow_spell_cancels_from_the_ratio() -> None:
    student, spell = torch.tensor([1.0, 1.0, 1.0, 1.0]), torch.tensor([1.0, 9.0, 9.0, 2.0])
    assert latency.speed_up(3 * student * spell, student * spell) == pytest.approx(
        {"speed_up": 3.0, "speed_up_q1": 3.0, "speed_up_q3": 3.0}
    )


@pytest.mark.parametrize("seconds", [[], [0.1, 0.0], [0.1, float("nan")]])
def test_what_is_no_time_is_refused(seconds: list[float]) -> None:
    with pytest.raises(ValueError, match="positive time"):
        latency.latency(torch.tensor(seconds))


def test_a_ratio_needs_the_same_rounds() -> None:
    with pytest.raises(ValueError, match="3 and 2"):
        latency.speed_up(torch.ones(3), torch.ones(2))


def test_other_programs_are_noticed() -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
        try:
            assert machine.load() > 0.3
        finally:
            other.kill()
    assert machine.busy(2.0, 2)
    assert not machine.busy(0.0, 2)


def calls(names: str) -> tuple[list[str], list[Callable[[], None]]]:
    called: list[str] = []
    return called, [lambda name=name: called.append(name) for name in names]  # type: ignore[misc]


def test_calls_take_turns_and_none_always_follows_the_same_one() -> None:
    called, all_calls = calls("abc")
    seconds = latency.in_turns(all_calls, PLAN)
    assert seconds.shape == (3, 5)
    assert bool((seconds > 0).all())
    rounds = ["".join(called[start : start + 3]) for start in range(0, len(called), 3)]
    assert rounds == ["abc", "bca", "cab", "abc", "bca", "cab", "abc"]


def test_rounds_end_early_where_they_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "LIMIT_S", 0.0)
    called, all_calls = calls("ab")
    assert latency.in_turns(all_calls, PLAN).shape == (2, latency.LEAST_ROUNDS)
    assert len(called) == 2 * (latency.LEAST_ROUNDS + 1)


def test_peak_memory_is_weights_input_and_what_is_alive_at_once() -> None:
    network = latency.Network("stargan", SPEC)
    weights = sum(each.numel() for each in network.module.parameters())
    network.module.forward = lambda image, _: (image + 1).exp().mean()  # type: ignore[method-assign]
    pixels, labels = 2 * 3 * 16 * 16, 2 * 2
    # Two images made on the way are alive at once; the mean at the end is one number more beside the second.
    assert network.peak_bytes(2, CPU) == 4 * (weights + pixels + labels + 2 * pixels)


def test_operators_share_all_of_the_time() -> None:
    shares = latency.Network("stargan", SPEC).operators(2)
    assert sum(shares.values()) == pytest.approx(1)
    assert sum(share for name, share in shares.items() if "conv" in name) > 0.1


def test_rows_of_equal_spec_are_timed_once(measured: dict[str, Any]) -> None:
    assert measured["variants"] == {"teacher": "teacher", "plain": "plain", "taught": "plain"}
    assert list(measured["networks"]) == ["teacher", "plain"]
    assert measured["networks"]["plain"]["spec"]["width"] == 2


def test_every_setting_has_a_time_and_a_ratio(measured: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(TEXT)
    plan = params.read(tmp_path / "params.yaml").latency
    teacher, student = measured["networks"].values()
    for network in (teacher, student):
        settings = [(each["device"], each["threads"], each["batch"]) for each in network["times"]]
        gpu = ["cuda"] if torch.cuda.is_available() else []
        assert settings == [(device, 1, plan.batches[0]) for device in ["cpu", *gpu]]
        for each in network["times"]:
            assert each["rounds"] == plan.repeats
            assert 0 < each["latency_ms_q1"] <= each["latency_ms"] <= each["latency_ms_q3"]
        assert network["peak_bytes"]["cpu"].keys() == {str(plan.batches[0])}
    assert teacher["times"][0]["speed_up"] == teacher["mac_ratio"] == 1
    assert student["mac_ratio"] == teacher["macs"] / student["macs"] > 1


def test_the_machine_is_named(measured: dict[str, Any]) -> None:
    assert measured["machine"]["cores"] == 1
    assert measured["precision"] == "float32"
    assert measured["machine"]["torch"] == torch.__version__


def test_a_row_says_what_is_timed_of_it_whatever_it_is_a_point_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = params.read(Path(__file__).parents[1] / "params.yaml")
    monkeypatch.chdir(tmp_path)
    searched.choose(settings)
    found = sizes.rows(settings)
    assert list(found) == list(sweeps.rows(settings))
    for name, row in sweeps.rows(settings).items():
        assert found[name].family == row.family
        assert (found[name].teacher_spec, found[name].spec) == specs.of(row, settings)


@pytest.mark.parametrize("family", members.names("families"))
def test_every_familys_kept_network_can_be_timed(family: str) -> None:
    settings = params.read(Path(__file__).parents[1] / "params.yaml")
    row = next(row for row in sweeps.rows(settings).values() if row.family == family and row.student)
    network = latency.Network(family, specs.of(row, settings)[1])
    assert not network.module.training
    assert network.macs > 0
    assert calls_of(network) == ["called"]


def calls_of(network: latency.Network) -> list[str]:
    """How the network is called when it is timed once."""
    found: list[str] = []
    handle = network.module.register_forward_hook(lambda *_: found.append("called"))
    network.call(2, CPU)()
    handle.remove()
    return found
