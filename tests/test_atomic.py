"""A file is whole or not there, whatever happens while it is written, and hashes are those that everybody computes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from stages.settings.atomic import atomically, write_atomically
from stages.storage import hashing


def test_a_file_appears_whole_and_keeps_its_old_content_until_then(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "file.bin"
    write_atomically(target, b"old")
    with atomically(target) as partial:
        partial.write_bytes(b"new")
        assert target.read_bytes() == b"old"
        assert partial.parent == target.parent
    assert target.read_bytes() == b"new"
    assert list(target.parent.iterdir()) == [target]


def test_an_error_leaves_nothing_behind(tmp_path: Path) -> None:
    target = tmp_path / "file.bin"

    def interrupted() -> None:
        with atomically(target) as partial:
            partial.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert list(tmp_path.iterdir()) == []


def test_hashes(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("Fréchet", encoding="utf-8")
    expected = hashlib.sha256("Fréchet".encode()).hexdigest()
    assert hashing.file_hash(tmp_path / "file") == expected
    assert hashing.digest("Fréchet") == hashing.digest("Fréchet".encode()) == expected
