"""What holds for all tests."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """One thread per process, as in trainings: threads that wait for each other wait long where many tests run."""
    torch.set_num_threads(1)
