"""DVC's locks: asked for often, and cleared of what killed processes left in them."""

from __future__ import annotations

import json
import time
from pathlib import Path

import psutil  # type: ignore[import-untyped]
from dvc.lock import Lock, LockError

from retort.engine.graph import opened
from stages.settings import paths

RETRY_S = 0.02


class EagerLock(Lock):
    """DVC's repository lock, asked for often: DVC waits half a second between two tries, and is overtaken meanwhile."""

    def lock(self) -> None:
        """Wait for the lock, however long it takes."""
        while not self.is_locked:
            try:
                self._do_lock()
            except LockError:
                time.sleep(RETRY_S)


def settle() -> None:
    """Drop what DVC stumbles over after it was killed: an emptied dvc.lock, files in use by processes that are gone."""
    with opened() as repo:
        if paths.LOCK.exists() and not paths.LOCK.stat().st_size:
            paths.LOCK.unlink()
        file = Path(repo.tmp_dir) / "rwlock"
        if not file.exists():
            return
        written = file.stat().st_mtime
        try:
            held = {"read": {}, "write": {}, **json.loads(file.read_text(encoding="utf-8"))}
        except ValueError:
            file.unlink()
            return
        readers = {path: [one for one in each if lives(one["pid"], written)] for path, each in held["read"].items()}
        writers = {path: one for path, one in held["write"].items() if lives(one["pid"], written)}
        kept = {"write": writers, "read": {path: each for path, each in readers.items() if each}}
        file.write_text(json.dumps(kept), encoding="utf-8")


def lives(pid: int, since: float) -> bool:
    """Whether this very process is still at work; a process begun after `since` only inherited the number."""
    try:
        process = psutil.Process(pid)
        return bool(process.status() != psutil.STATUS_ZOMBIE and process.create_time() <= since + 1)
    except psutil.NoSuchProcess:
        return False
