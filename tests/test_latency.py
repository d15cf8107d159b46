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
from stages.harness.benches import timing
from stages.harness.settings import params, paths, yaml_text
from stages.harness.settings.rows import Latency
from stages.metrics.latency import latency, speed_up
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
    found = latency(torch.tensor([0.005, 0.001, 0.003, 0.002, 0.004]))
    assert found == pytest.approx({"latency_ms": 3.0, "latency_ms_q1": 2.0, "latency_ms_q3": 4.0})


def test_a_slow_spell_cancels_from_the_ratio() -> None:
    student, spell = torch.tensor([1.0, 1.0, 1.0, 1.0]), torch.tensor([1.0, 9.0, 9.0, 2.0])
    assert speed_up(3 * student * spell, student * spell) == pytest.approx(
        {"speed_up": 3.0, "speed_up_q1": 3.0, "speed_up_q3": 3.0}
    )


@pytest.mark.parametrize("seconds", [[], [0.1, 0.0], [0.1, float("nan")]])
def test_what_is_no_time_is_refused(seconds: list[float]) -> None:
    with pytest.raises(ValueError, match="positive time"):
        latency(torch.tensor(seconds))


def test_a_ratio_needs_the_same_rounds() -> None:
    with pytest.raises(ValueError, match="3 and 2"):
        speed_up(torch.ones(3), torch.ones(2))


def test_other_programs_are_noticed() -> None:
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as other:
        try:
            assert timing.load() > 0.3
        finally:
            other.kill()
    assert timing.busy(2.0 * os.cpu_count())  # type: ignore[operator]
    assert not timing.busy(0.0)


def calls(names: str) -> tuple[list[str], list[Callable[[], None]]]:
    called: list[str] = []
    return called, [lambda name=name: called.append(name) for name in names]  # type: ignore[misc]


def test_calls_take_turns_and_none_always_follows_the_same_one() -> None:
    called, all_calls = calls("abc")
    seconds = timing.in_turns(all_calls, PLAN)
    assert seconds.shape == (3, 5)
    assert bool((seconds > 0).all())
    rounds = ["".join(called[start : start + 3]) for start in range(0, len(called), 3)]
    assert rounds == ["abc", "bca", "cab", "abc", "bca", "cab", "abc"]


def test_rounds_end_early_where_they_take_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "LIMIT_S", 0.0)
    called, all_calls = calls("ab")
    assert timing.in_turns(all_calls, PLAN).shape == (2, timing.LEAST_ROUNDS)
    assert len(called) == 2 * (timing.LEAST_ROUNDS + 1)


def test_peak_memory_is_weights_input_and_what_is_alive_at_once() -> None:
    network = timing.Network("stargan", SPEC)
    weights = sum(each.numel() for each in network.generator.parameters())
    network.generator.forward = lambda image, _: (image + 1).exp().mean()  # type: ignore[method-assign]
    pixels, labels = 2 * 3 * 16 * 16, 2 * 2
    # Two images made on the way are alive at once; the mean at the end is one number more beside the second.
    assert network.peak_bytes(2, CPU) == 4 * (weights + pixels + labels + 2 * pixels)


def test_operators_share_all_of_the_time() -> None:
    shares = timing.Network("stargan", SPEC).operators(2)
    assert sum(shares.values()) == pytest.approx(1)
    assert sum(share for name, share in shares.items() if "conv" in name) > 0.1


def test_rows_of_equal_spec_are_timed_once(measured: dict[str, Any]) -> None:
    assert measured["variants"] == {"teacher": "teacher", "plain": "plain", "taught": "plain"}
    assert list(measured["networks"]) == ["teacher", "plain"]
    assert measured["networks"]["plain"]["spec"]["width"] == 2


def test_every_setting_has_a_time_and_a_ratio(measured: dict[str, Any]) -> None:
    plan = params.validate(yaml_text.parse(TEXT, "smallest")[0]).latency
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
