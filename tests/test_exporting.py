"""Exported networks: each family's file does what the benchmark sees of it, and says nothing of the machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import ModelProto, TensorProto, numpy_helper
from torch import nn

from stages.blocks.norms import InstanceNorm
from stages.exporting import comparing, converting, graphs, halving, norms, quantising, running, stripping
from stages.exporting.contracts import Export, Unexportable
from stages.settings import members
from tests import exported
from tests.exported import INNER, SPECS

ROOT = Path(__file__).resolve().parents[1]
FAMILIES = tuple(SPECS)


def levels(family: str) -> float:
    """What an answer is multiplied by to be 8-bit levels."""
    return 255.0 if family in ("classifier", "backbone") else 1.0


def farthest(family: str, model: ModelProto, batch: int, count: int = 5) -> int:
    """By how many levels a file differs from what the benchmark sees, at most."""
    inputs = exported.given(family, count, seed=3)
    answers = running.answers(running.session(converting.described(model, {})), inputs, batch)
    original = exported.original(family, inputs)
    assert answers.shape == original.shape
    assert answers.dtype == original.dtype
    return int(comparing.differences(answers, original, levels(family)).max())


def test_every_kind_of_examination_has_its_exports() -> None:
    assert members.names("exports") == members.names("examinations")
    for name in members.names("exports"):
        member = members.load("exports", name)
        offered = [each for each in vars(Export) if not each.startswith("_")]
        assert not [each for each in (*offered, *Export.__annotations__) if not hasattr(member, each)], name


def test_every_family_is_tried() -> None:
    assert sorted(SPECS) == sorted(members.names("families"))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_file_does_what_the_benchmark_sees_in_batches_of_any_number(family: str) -> None:
    original = exported.original(family, exported.given(family, 5, seed=3))
    assert len(np.unique(original)) > 4, "an answer that never changes would prove nothing"
    for batch in (1, 2, 5):
        assert farthest(family, exported.float32(family), batch) <= 1


@pytest.mark.parametrize("family", FAMILIES)
def test_a_file_has_no_paths_no_traces_and_no_names_of_modules(family: str) -> None:
    model = exported.float32(family)
    content = converting.described(model, {"row": family})
    for word in (str(ROOT), "site-packages", ".py", "torch", "stack_trace", "File "):
        assert word.encode() not in content, word
    assert not model.graph.value_info
    assert not model.functions
    assert model.opset_import[0].version == converting.OPSET
    assert [each.domain for each in model.opset_import if each.domain] == []
    assert running.metadata(running.session(content)) == {"row": family}


def test_the_same_weights_give_the_same_bytes_in_another_process() -> None:
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.exported", "stargan"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == exported.digest("stargan")


def test_an_input_without_use_is_not_in_the_file() -> None:
    alone = converting.float32(exported.outside("stargan", condition="target"))
    assert converting.inputs_of(alone) == ("image", "target")
    assert converting.inputs_of(exported.float32("stargan")) == ("image", "source", "target")


def test_what_depends_on_chance_or_on_company_is_refused() -> None:
    published = exported.outside("pix2pix", norm="batch", statistics="batch")
    with pytest.raises(Unexportable, match=r"generator: what becomes of an image depends on chance"):
        converting.float32(published)


def affine(norm: Callable[..., nn.Module], *sizes: int) -> nn.Module:
    """A norm with a scale and a shift that are not 1 and 0."""
    module = norm(*sizes, affine=True)
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    return module


def test_norms_of_one_image_are_rewritten_and_compute_the_same() -> None:
    torch.manual_seed(0)
    x = 3 * torch.randn(3, 8, 16, 16) + 1
    made = (InstanceNorm(8), affine(nn.InstanceNorm2d, 8), affine(nn.GroupNorm, 2, 8), nn.GroupNorm(4, 8, affine=False))
    for module in made:
        network = nn.Sequential(module)
        again = norms.rewritten(network)
        assert isinstance(again[0], norms.Normalised)
        assert network[0] is module
        torch.testing.assert_close(again(x), module(x), rtol=1e-6, atol=1e-6)


def test_norms_with_running_statistics_stay() -> None:
    network = nn.Sequential(nn.BatchNorm2d(4), nn.InstanceNorm2d(4, track_running_stats=True))
    assert [type(each) for each in norms.rewritten(network)] == [nn.BatchNorm2d, nn.InstanceNorm2d]


@pytest.mark.parametrize("family", FAMILIES)
def test_no_norm_is_left_that_phones_do_not_know(family: str) -> None:
    kinds = {node.op_type for node in exported.float32(family).graph.node}
    assert not kinds & {"InstanceNormalization", "GroupNormalization", "LayerNormalization"}
    assert {"Conv"} <= kinds


@pytest.mark.parametrize("family", FAMILIES)
def test_float16_has_half_of_the_bytes_and_is_close(family: str) -> None:
    whole, half = exported.float32(family), halving.halved(exported.float32(family))
    kinds = {each.name: each.data_type for each in half.graph.initializer}
    for node in half.graph.node:
        if node.op_type in graphs.HEAVY and node.input[1] in kinds:
            assert kinds[node.input[1]] == TensorProto.FLOAT16, node.name
        if node.op_type in ("ReduceMean", "Reciprocal", "Sqrt"):
            assert not [name for name in node.input if name.endswith("_half")], node.name
    weights = [sum(len(each.raw_data) for each in model.graph.initializer) for model in (half, whole)]
    assert weights[0] < 0.75 * weights[1]
    assert farthest(family, half, 2) <= 4


@pytest.mark.parametrize("family", INNER)
def test_int8_is_in_inner_convolutions_alone_with_a_scale_for_each_channel(family: str) -> None:
    whole = exported.float32(family)
    names = quantising.inner(whole)
    convolutions = [node for node in whole.graph.node if node.op_type in graphs.CONVOLUTIONS]
    assert names
    assert convolutions[0].name not in names
    assert convolutions[-1].name not in names
    made = quantising.quantised(whole, exported.given(family, 16, seed=5))
    kept = {each.name: numpy_helper.to_array(each) for each in made.graph.initializer}
    eight = {node.output[0]: kept[node.input[1]] for node in made.graph.node if node.op_type == "DequantizeLinear"}
    found = [node for node in made.graph.node if node.op_type == "Conv" and node.input[1] in eight]
    assert len(found) == len(names)
    assert all(eight[node.input[1]].ndim == 1 for node in found)
    assert not [
        node for node in made.graph.node if node.op_type in ("ConvTranspose", "MatMul") and node.input[1] in eight
    ]
    assert farthest(family, made, 2) <= 64


def test_int8_of_a_network_without_inner_convolutions_is_refused() -> None:
    with pytest.raises(Unexportable, match="no convolution between the first and the last"):
        quantising.quantised(exported.float32("classifier"), exported.given("classifier", 4))


def test_ranges_are_learnt_alike_each_time() -> None:
    inputs = exported.given("pix2pix", 8)
    first, second = (quantising.quantised(exported.float32("pix2pix"), inputs) for _ in range(2))
    assert converting.described(first, {}) == converting.described(second, {})


def test_levels_and_equal_pixels_are_those_of_the_worst_channel() -> None:
    mine, other = (np.zeros((1, 2, 2, 3), np.uint8) for _ in range(2))
    mine[0, 0, 0] = (3, 250, 1)
    other[0, 0, 0, 1] = 255
    seen = comparing.Compared()
    seen.differ(mine, other, 1.0)
    assert (seen.largest, seen.share) == (5, 0.75)
    assert comparing.differences(np.array([[0.5, 0.0]]), np.array([[0.25, 0.0]]), 255.0).tolist() == [[64, 0]]


def test_a_branch_and_a_function_are_refused() -> None:
    branch = onnx.helper.make_graph([], "branch", [], [])
    node = onnx.helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)
    with pytest.raises(ValueError, match="a branch in the file"):
        stripping.stripped(onnx.helper.make_model(onnx.helper.make_graph([node], "g", [], [])))
