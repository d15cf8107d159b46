"""What trainings left in scratch is used if it is whole, and made again if a disk has damaged it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from retort.engine import saved
from stages.learning.leases import LEASE
from stages.settings import paths

ITEM = "distill_students@row"


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The scratch folder of a training that has finished, and of which a state is left."""
    monkeypatch.chdir(tmp_path)
    folder = paths.scratch("key")
    folder.mkdir(parents=True)
    (folder / LEASE).write_text(f"{ITEM} attempt", encoding="utf-8")
    torch.save({"run": {"weights": torch.arange(1000.0)}}, folder / saved.STATE)
    (folder / "networks").write_bytes(b"networks")
    (folder / "curve").write_bytes(b"curve")
    return folder


def flip(file: Path, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 1
    file.write_bytes(bytes(content))


def test_what_is_whole_stays(scratch: Path) -> None:
    before = {file.name: file.read_bytes() for file in scratch.iterdir()}
    assert saved.put_aside() == []
    saved.seal(ITEM)
    assert saved.put_aside() == []
    assert {file.name: file.read_bytes() for file in scratch.iterdir() if file.name != saved.SEAL} == before


@pytest.mark.parametrize("size", [0, 100])
def test_a_state_that_was_cut_is_removed(scratch: Path, size: int) -> None:
    state = scratch / saved.STATE
    state.write_bytes(state.read_bytes()[:size])
    (sentence,) = saved.put_aside()
    assert sentence == f"{state} was damaged and is removed; its training begins again"
    assert not state.exists()
    assert (scratch / "networks").exists()


def test_a_state_with_one_wrong_bit_in_its_weights_is_removed(scratch: Path) -> None:
    state = scratch / saved.STATE
    flip(state, state.read_bytes().index(torch.arange(1000.0).numpy().tobytes()) + 40)
    assert torch.load(state, weights_only=True)["run"]["weights"][10] != 10
    assert len(saved.put_aside()) == 1
    assert not state.exists()


def test_what_was_finished_is_held_to_its_checksums(scratch: Path) -> None:
    saved.seal("distill_students@other")
    assert not (scratch / saved.SEAL).exists()
    saved.seal(ITEM)
    flip(scratch / "networks", 0)
    assert len(saved.put_aside()) == 1
    assert not (scratch / "networks").exists()
    assert (scratch / "curve").exists()


def test_checksums_that_cannot_be_read_vouch_for_nothing(scratch: Path) -> None:
    saved.seal(ITEM)
    (scratch / saved.SEAL).write_text(json.dumps({"sums": 3}), encoding="utf-8")
    assert len(saved.put_aside()) == 2
    assert (scratch / saved.STATE).exists()


def test_checksums_of_an_earlier_attempt_say_nothing_of_what_another_wrote(scratch: Path) -> None:
    saved.seal(ITEM)
    (scratch / LEASE).write_text(f"{ITEM} another", encoding="utf-8")
    (scratch / "networks").write_bytes(b"other networks")
    assert saved.put_aside() == []
