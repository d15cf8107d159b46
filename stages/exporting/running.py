"""Running an exported network in ONNX Runtime: one thread, the same numbers every time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import onnxruntime

from stages.exporting.contracts import Array, Arrays

ERRORS = 3


def options() -> onnxruntime.SessionOptions:
    """One thread, nothing at random, nothing printed but errors."""
    made = onnxruntime.SessionOptions()
    made.intra_op_num_threads = made.inter_op_num_threads = 1
    made.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    made.use_deterministic_compute = True
    made.log_severity_level = ERRORS
    return made


def session(content: bytes) -> onnxruntime.InferenceSession:
    """A network, ready to run."""
    return onnxruntime.InferenceSession(content, options(), providers=["CPUExecutionProvider"])


def answers(running: onnxruntime.InferenceSession, inputs: Arrays, batch: int) -> Array:
    """What a network makes of inputs, so many at once; the last batch may be smaller."""
    names = [each.name for each in running.get_inputs()]
    given = {name: np.asarray(inputs[name], order="C") for name in names}
    total = max(len(each) for each in given.values() if each.ndim)
    parts = (
        {name: each[start : start + batch] if each.ndim else each for name, each in given.items()}
        for start in range(0, total, batch)
    )
    return cast(Array, np.concatenate([running.run(None, part)[0] for part in parts]))


def metadata(running: onnxruntime.InferenceSession) -> Mapping[str, Any]:
    """What a file says of itself."""
    return cast(Mapping[str, Any], running.get_modelmeta().custom_metadata_map)
