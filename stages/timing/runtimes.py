"""What runs a network, and in which precision, as results call it."""

from __future__ import annotations

TORCH, OUTSIDE = "torch", "onnxruntime"
FLOAT32, FLOAT16, INT8 = "float32", "float16", "int8"
