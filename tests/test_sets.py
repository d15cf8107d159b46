"""Sets of images that are too small for what compares them are told before anything is trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from retort.checking import params, sets
from stages.settings import paths

ROOT = Path(__file__).resolve().parents[1]
PAPER = ROOT / paths.SCALES / "paper.yaml"

RAFD = "240 validation images of data set 'rafd'"
SMALL = [
    ("fid:        {allow_small_samples: true}", "fid:        {allow_small_samples: false}", RAFD),
    ("subset_images: 200}", "subset_images: 1000}", f"1000 cannot be drawn from {RAFD}; write at most 240"),
    ("subset_images: 100}", "subset_images: 121}", "121 cannot be drawn from 120 validation images"),
    ("images: 5000\n    evolution", "images: 63\n    evolution", "write at least 64"),
    ("validation: 5000, test: 5000", "validation: 5000, test: 2000", "there are 2000 test images of data set 'ffhq'"),
]


@pytest.mark.parametrize(("old", "new", "expected"), SMALL)
def test_sets_that_are_too_small_are_told_before_anything_is_trained(
    old: str, new: str, expected: str, tmp_path: Path
) -> None:
    text = PAPER.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "params.yaml").write_text(text.replace(old, new), encoding="utf-8")
    (problem,) = sets.check(params.typed(tmp_path / "params.yaml"))
    assert expected in problem.sentence


@pytest.mark.parametrize("file", [ROOT / "params.yaml", *sorted((ROOT / paths.SCALES).glob("*.yaml"))])
def test_sets_of_all_scales_are_large_enough(file: Path) -> None:
    assert not list(sets.check(params.typed(file)))
