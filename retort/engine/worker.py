"""A process that brings items up to date, one after another, as it is told to."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue

import psutil  # type: ignore[import-untyped]
from dvc.exceptions import DvcException
from dvc.lock import Lock, LockError
from dvc.repo import Repo, lock_repo
from dvc.stage import PipelineStage, Stage

from retort.engine import lockfile
from retort.engine.graph import in_order, opened
from stages.settings import paths

PATIENCE_S = 10.0
LOCK_RETRY_S = 0.02


class EagerLock(Lock):
    """DVC's repository lock, asked for often: DVC waits half a second between two tries, and is overtaken meanwhile."""

    def lock(self) -> None:
        """Wait for the lock, however long it takes."""
        while not self.is_locked:
            try:
                self._do_lock()
            except LockError:
                time.sleep(LOCK_RETRY_S)


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


def log_of(item: str) -> Path:
    """Where an item's output goes."""
    return paths.logs() / f"{item.replace('/', '_')}.log"


def serve() -> None:
    """Bring items up to date as they are named on standard input; when that ends, end what runs and leave."""
    orders, replies = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    queue: SimpleQueue[str | None] = SimpleQueue()
    stopping, finished = threading.Event(), threading.Event()

    def listen() -> None:
        for line in orders:
            queue.put(line.strip())
        stopping.set()
        queue.put(None)
        end_children(finished)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    commands_begun: list[str] = []

    def note(record: logging.LogRecord) -> bool:
        commands_begun.append(record.getMessage())
        return True

    logging.getLogger("dvc.stage.run").addFilter(note)
    try:
        repo = Repo(_wait_for_lock=True)
        if isinstance(repo.lock, Lock):
            repo.lock = EagerLock(repo.lock.lockfile)
        by_name = {stage.addressing: stage for stage in in_order(repo)}
        for item in iter(queue.get, None):
            redirect(log_of(item))
            commands_begun.clear()
            outcome, sentence = attempt(repo, by_name[item], list(by_name), stopping)
            if outcome == "ran" and not commands_begun:
                outcome = "restored"
            with suppress(BrokenPipeError):
                print(json.dumps({"outcome": outcome, "sentence": sentence}), file=replies, flush=True)
    finally:
        finished.set()
        if stopping.is_set():
            listener.join()


def end_children(finished: threading.Event) -> None:
    """Terminate whatever this process has started, kill what outlives the patience, return when none is left."""
    told: dict[int, psutil.Process] = {}
    deadline = time.monotonic() + PATIENCE_S
    while not finished.is_set() or any(lives(pid, time.time()) for pid in told):
        for child in psutil.Process().children(recursive=True):
            if child.pid not in told:
                told[child.pid] = child
                with suppress(psutil.NoSuchProcess):
                    child.terminate()
        if time.monotonic() > deadline:
            for child in told.values():
                with suppress(psutil.NoSuchProcess):
                    child.kill()
        time.sleep(0.1)


def redirect(log: Path) -> None:
    """Let everything this process and its children print go to a file."""
    sys.stdout.flush()
    sys.stderr.flush()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def attempt(repo: Repo, stage: Stage, order: list[str], stopping: threading.Event) -> tuple[str, str]:
    """Reproduce a stage; what became of it, and a sentence if it failed."""
    while True:
        try:
            return reproduce(repo, stage, order), ""
        except LockError as error:
            # Another DVC process reads or writes the same files: a `dvc repro` elsewhere, or one that is just ending.
            if stopping.wait(1.0):
                return "failed", str(error)
        except DvcException as error:
            print(f"ERROR: {error}", flush=True)
            return "failed", str(error)
        except Exception as error:
            traceback.print_exc()
            return "failed", f"{type(error).__name__}: {error}"


def reproduce(repo: Repo, stage: Stage, order: list[str]) -> str:
    """What `dvc repro --single-item` does, except that a result is not recorded under inputs which changed under it."""
    with lock_repo(repo), repo.scm_context(quiet=True):
        present = [each for each in stage.deps if each.exists]
        for each in present:
            # As DVC does before it records: a dep that dvc.lock does not know yet is taken for one of an old format.
            each.update_legacy_hash_name()
        before = {str(each): each.get_hash() for each in present}
        if not stage.reproduce(no_commit=True):
            return "unchanged"
        changed = [str(each) for each in stage.deps if before.get(str(each)) != each.hash_info]
        if changed:
            raise DvcException(f"{', '.join(changed)} changed while the item ran; nothing was recorded, run it again")
        if all(out.use_cache or out.is_metric or out.is_plot for out in stage.outs):
            repo.stage_cache.save(stage)
        stage.commit()
        if isinstance(stage, PipelineStage):
            lockfile.record(stage, order)
        else:
            stage.dump()
    return "ran"
