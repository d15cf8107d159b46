"""A network as a file of ExecuTorch's: what XNNPACK takes goes there, all else to portable kernels, and is counted.

Phones translate one image at a time, so the batch is 1 and fixed: shapes that are free keep XNNPACK from planning its
memory. What a file says of itself is its method `about`, which takes nothing and returns JSON.
"""

from __future__ import annotations

import json
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.exir import to_edge_transform_and_lower
from executorch.exir.passes.constant_prop_pass import constant_prop_pass
from torch import Tensor, nn

from retort.phone import padding
from stages.exporting import norms
from stages.exporting.contracts import Outside, Unexportable

ABOUT = "about"
DELEGATE, PARTS = "executorch_call_delegate", "getitem"
"""What calls a partition, and what takes one of its results: no work of a kernel's."""


@dataclass(frozen=True)
class Lowered:
    """A file, and who computes what in it: calls of operators in XNNPACK, and those left to portable kernels."""

    content: bytes
    partitions: int
    delegated: int
    left: Mapping[str, int]


def alone(inputs: Mapping[str, Tensor]) -> tuple[Tensor, ...]:
    """The first of each input; scalars hold for all."""
    return tuple(each if each.ndim == 0 else each[:1].contiguous() for each in inputs.values())


def lowered(outside: Outside, about: Mapping[str, Any]) -> Lowered:
    """The file of a network for one image at a time; raises `Unexportable("why")`."""
    module: nn.Module = norms.rewritten(outside.module).eval()
    given = tuple(outside.inputs.values())
    if norms.depends_on_company(module, given):
        told = "what becomes of an image depends on chance or on the other images of its batch"
        raise Unexportable(f"{outside.network}: {told}, so a file of one network would not do what the benchmark saw")
    padding.rewrite(module)
    module.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    with quietly(), torch.no_grad():
        # What is computed of weights alone is computed now: XNNPACK takes no weights that are computed there.
        captured = constant_prop_pass(torch.export.export(module, alone(outside.inputs), strict=True))
        edge = to_edge_transform_and_lower(
            captured,
            partitioner=[XnnpackPartitioner()],
            constant_methods={ABOUT: json.dumps(about, ensure_ascii=False)},
        )
        graph = edge.exported_program().graph_module
        partitions = [getattr(graph, node.name) for node in graph.graph.nodes if node.op == "get_attr"]
        inside = sum(calls(each.original_module).total() for each in partitions)
        left = calls(graph)
        content = bytes(edge.to_executorch().buffer)
    return Lowered(content, len(partitions), inside, left)


def calls(graph: torch.fx.GraphModule) -> Counter[str]:
    """How often each operator is called in a graph, outside its partitions."""
    called = [node.target for node in graph.graph.nodes if node.op == "call_function"]
    names = [str(getattr(each, "__name__", each)) for each in called]
    return Counter(name.split(".")[-2] if "." in name else name for name in names if name not in (DELEGATE, PARTS))


@contextmanager
def quietly() -> Iterator[None]:
    """Keep the exporter from warning of its own future."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
