# ruff: noqa: E501 - rows are read as a table
"""Exported rows in params: the sentences that wrong ones get, what is told to DVC, and how large the files may be."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
import torch

from retort.checking import accepting
from retort.checking import params as checking
from retort.engine import usage
from stages.learning import roles
from stages.learning.contracts import Family
from stages.metrics import cost
from stages.settings import members, paths, specs, sweeps
from stages.settings.params import read
from stages.settings.rows import ExportRow, Params
from tests.exported import TEXT

ROOT = Path(__file__).resolve().parents[1]
MOST_BYTES = 12_000_000
"""What the files that are kept in git may have together."""
PLAIN = "  plain: {<<: *large, source: plain, seed: 0}"
SWEPT = "source: digits, point: kd-alpha1-temperature4"
BROKEN = [
    ("an unknown row", PLAIN, "  plain: {<<: *large, source: plane, seed: 0}", ["exports.plain.source: 'plane' is not a trained row or sweep", "did you mean 'plain'?"]),
    ("a seed that is not trained", PLAIN, "  plain: {<<: *large, source: plain, seed: 4}", ["exports.plain.seed: 4 is not trained; 'plain' has 0, 1"]),
    ("another name", PLAIN, "  plane: {<<: *large, source: plain, seed: 0}", ["exports.plane: is not called as what it exports; call it 'plain'"]),
    ("a sweep without a point", SWEPT, "source: digits", ["temperature4.point: '' is not a point of sweep 'digits'", "there are: none, kd-alpha1-temperature2, kd-alpha1-temperature4"]),
    ("a point of no sweep", PLAIN, "  plain: {<<: *large, source: plain, point: none, seed: 0}", ["exports.plain.point: 'plain' is no sweep and has no points; take it out"]),
    ("an unknown point", SWEPT, "source: digits, point: kd-alpha1-temperature3", ["temperature4.point: 'kd-alpha1-temperature3' is not a point of sweep 'digits'", "did you mean"]),
    ("another row's problem", PLAIN, "  plain: {<<: *herd, source: plain, seed: 0}", ["exports.plain.teacher: 'herd' is not the teacher of 'plain'; write 'large'", "exports.plain.dataset: 'horses' is not the dataset", "exports.plain.examination"]),
    ("no such kind", PLAIN, "  plain: {<<: *large, examination: translating, source: plain, seed: 0}", ["exports.plain.examination: 'translating' is not in stages/exports", "did you mean 'translation'?"]),
    ("a key that does not exist", PLAIN, "  plain: {<<: *large, source: plain, seeds: [0], seed: 0}", ["exports.plain.seeds", "did you mean 'seed'?"]),
]  # fmt: skip


def checked(folder: Path, text: str) -> None:
    (folder / "params.yaml").write_text(text)
    checking.checked(folder / "params.yaml")


def test_the_params_of_these_tests_are_sound(tmp_path: Path) -> None:
    checked(tmp_path, TEXT)


@pytest.mark.parametrize(("old", "broken", "told"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_wrong_row_is_told_in_sentences(tmp_path: Path, old: str, broken: str, told: list[str]) -> None:
    assert old in TEXT
    with pytest.raises(checking.ParamsError) as error:
        checked(tmp_path, TEXT.replace(old, broken))
    for words in told:
        assert words in str(error.value)


def test_dvc_is_told_of_exported_rows(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(TEXT)
    used = accepting.used(checking.checked(tmp_path / "params.yaml"))
    assert list(used["exports"]) == ["plain", "pony", "doodle", "digits-kd-alpha1-temperature4"]
    assert usage.read(ROOT).rows["exports"] == {"translation", "directions", "synthesis", "classification"}


def weights(row: ExportRow, settings: Params) -> int:
    """The bytes of a row's weights, by its spec."""
    trained = f"{row.source}/{row.point}" if row.point else row.source
    _, small = specs.of(sweeps.rows(settings)[trained], settings)
    family = cast(Family, members.load("families", row.family))
    with torch.device("meta"):
        kept = roles.kept(family, family.build(small))
    return sum(cost.saved_bytes(network) for network in kept.values())


def test_what_is_kept_in_git_is_small() -> None:
    settings = read(ROOT / "params.yaml")
    assert sum(weights(row, settings) for row in settings.exports.values()) <= 0.95 * MOST_BYTES
    files = [file for name in settings.exports for file in (ROOT / paths.exported_networks(name)).glob("*.onnx")]
    assert sum(file.stat().st_size for file in files) <= MOST_BYTES
