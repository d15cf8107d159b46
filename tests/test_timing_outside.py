"""Exported networks are timed beside torch in the same rounds, in every precision that there is a file of."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from stages.metrics import latency
from stages.settings.rows import Latency
from stages.timing import outside
from stages.timing.outside import Timed
from stages.timing.runtimes import FLOAT16, FLOAT32, INT8, OUTSIDE, TORCH

PLAN = Latency(batches=[1], repeats=4, warmup=1)


def network(convolutions: int) -> bytes:
    """A file of some convolutions between 8-bit doors."""
    nodes = [
        helper.make_node("Cast", ["image"], ["floats"], name="enter", to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["floats"], ["x0"], name="turn", perm=[0, 3, 1, 2]),
    ]
    weights = []
    for place in range(convolutions):
        values = np.random.default_rng(place).standard_normal((3, 3, 3, 3)).astype(np.float32)
        weights.append(numpy_helper.from_array(values, f"w{place}"))
        names = [f"x{place}", f"w{place}"]
        nodes.append(helper.make_node("Conv", names, [f"x{place + 1}"], name=f"conv{place}", pads=[1, 1, 1, 1]))
    nodes.append(helper.make_node("Identity", [f"x{convolutions}"], ["out"], name="leave"))
    nodes.append(helper.make_node("Abs", ["out"], ["translated"], name="door"))
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["n", 8, 8, 3])
    answer = helper.make_tensor_value_info("translated", TensorProto.FLOAT, ["n", 3, 8, 8])
    graph = helper.make_graph(nodes, "network", [image], [answer], weights)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    onnx.checker.check_model(made, full_check=True)
    return bytes(made.SerializeToString())


def test_every_runtime_and_precision_is_timed_in_the_same_rounds() -> None:
    called: list[str] = []
    networks = {
        "large": Timed(network(4), lambda: called.append("large"), "large", 1.0),
        "small": Timed(network(3), lambda: called.append("small"), "large", 4.0),
        "alone": Timed(network(3), lambda: called.append("alone"), "nobody", 4.0),
    }
    found = outside.compare(networks, PLAN, latency)
    assert called.count("large") == called.count("small") == PLAN.warmup + PLAN.repeats
    for name, times in found.items():
        assert {runtime: set(each) for runtime, each in times.items()} == {
            TORCH: {FLOAT32}, OUTSIDE: {FLOAT32, FLOAT16, INT8},
        }  # fmt: skip
        for told in (each for precisions in times.values() for each in precisions.values()):
            assert told["rounds"] == PLAN.repeats
            assert 0 < told["latency_ms_q1"] <= told["latency_ms"] <= told["latency_ms_q3"]
            assert ("speed_up" in told) == (name != "alone")
            assert ("share" in told) == (name == "small")
        assert times[OUTSIDE][FLOAT32]["times_float32"] == 1.0
    for told in found["small"][OUTSIDE].values():
        assert told["share"] == pytest.approx(told["speed_up"] / 4)
    assert all(told["speed_up"] == 1.0 for told in found["large"][OUTSIDE].values())


def test_a_network_without_inner_convolutions_has_no_integers() -> None:
    assert set(outside.files(network(2))) == {FLOAT32, FLOAT16}


def test_nothing_to_time_takes_no_time() -> None:
    assert outside.compare({}, PLAN, latency) == {}


def test_noise_fills_every_kind_of_input_and_no_other() -> None:
    draw = np.random.default_rng(0)
    levels = outside.of_kind(draw, "tensor(uint8)", ["n", 4, 4, 3], 5)
    assert (levels.shape, levels.dtype) == ((5, 4, 4, 3), np.uint8)
    assert outside.of_kind(draw, "tensor(float)", ["n", 7], 5).shape == (5, 7)
    assert outside.of_kind(draw, "tensor(float)", [], 5).shape == ()
    with pytest.raises(ValueError, match="int64"):
        outside.of_kind(draw, "tensor(int64)", ["n"], 5)
