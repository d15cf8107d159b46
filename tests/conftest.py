"""What holds for all tests."""

from __future__ import annotations

import gc

import pytest
import torch

LONGEST = (
    "test_smoke",
    "test_clones",
    "test_figures",
    "test_elsewhere",
    "test_resume",
    "test_repro",
    "test_exotic_pipeline",
    "test_exporting_stage",
    "test_exporting",
    "test_exotic_family",
    "test_report",
    "test_boundaries",
    "test_killed",
    "test_contracts",
    "test_distillations",
    "test_verify",
    "test_bench",
    "test_searches",
    "test_prune",
)
"""Files that take long begin first, so that no core is left alone with one of them at the end."""


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """One thread per process, as in trainings: threads that wait for each other wait long where many tests run."""
    torch.set_num_threads(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, all others in their order."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(places)))


def pytest_collection_finish() -> None:
    """What was imported stays: collections of garbage need not walk through it, test by test."""
    gc.collect()
    gc.freeze()
