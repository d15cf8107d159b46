"""Makes torchvision importable where torch is a CPU build and torchvision's compiled operators do not load."""

import contextlib
import importlib.util
from pathlib import Path

import torch

SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
OPERATORS = ("nms", "qnms")


def _load_compiled() -> None:
    """Load torchvision's compiled operators as its import will; a second load of the same library does nothing."""
    package = importlib.util.find_spec("torchvision")
    if package is None or package.origin is None:
        raise ImportError("torchvision is not installed: install the versions pinned in constraints.txt")
    for library in Path(package.origin).parent.glob("_C*"):
        # Fails when built for another torch, usually for CUDA, which torchvision's own import accepts in silence too.
        with contextlib.suppress(OSError):
            torch.ops.load_library(library)


def declare_missing() -> None:
    """Declare the operators without which `import torchvision` fails; call it before that import.

    Their schemas are enough for models, transforms and data sets, which never call them.
    """
    _load_compiled()
    for operator in OPERATORS:
        if not hasattr(torch.ops.torchvision, operator):
            torch.library.define(f"torchvision::{operator}", SCHEMA)
