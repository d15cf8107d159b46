"""A working tree with its DVC repository, opened once: items are reproduced in it, and results enter and leave it."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from functools import cached_property
from typing import Any

from dvc.dvcfile import load_file
from dvc.exceptions import DvcException
from dvc.lock import Lock, LockError
from dvc.repo import Repo, lock_repo
from dvc.stage import PipelineStage, Stage
from dvc.stage.cache import StageCache, _can_hash, _get_stage_hash
from dvc.stage.loader import StageLoader
from dvc.utils.serialize import load_path
from dvc_objects.fs import generic

from retort.engine import lockfile
from retort.engine.graph import in_order, unrecorded
from retort.engine.locking import EagerLock
from retort.engine.orders import FAILED, RAN, RESTORED, UNCHANGED, Home
from retort.engine.parsing import Parsed, parsed_once
from stages.settings import paths


class Tree:
    """The repository in the current directory.

    Of a run with workers elsewhere, results leave the tree through DVC's cache, and through a remote where each tree
    has a cache of its own.
    """

    def __init__(self, home: Home) -> None:
        self.far, self.remote = home.far, home.remote
        if home.remote:
            self.repo = Repo(remote=home.remote, remote_config={"url": home.remote_url}, _wait_for_lock=True)
        else:
            config = {"cache": {"dir": home.cache}} if home.cache else {}
            self.repo = Repo(config=config, _wait_for_lock=True)
        if isinstance(self.repo.lock, Lock):
            self.repo.lock = EagerLock(self.repo.lock.lockfile)
        self.runs = Runs(self.repo, home.remote)
        self.parsed = Parsed(load_path)
        self.stages: dict[str, Stage] = {}
        self.repo.stage_cache = self.runs

    @cached_property
    def loader(self) -> StageLoader:
        """The items of dvc.yaml, each read when it is asked for: the whole graph takes DVC many times longer.

        What dvc.lock says of them is told one by one, see `believe`.
        """
        with unrecorded():
            return load_file(self.repo, paths.GRAPH.as_posix()).stages

    def stage(self, item: str) -> Stage:
        """An item by its name."""
        if item not in self.stages:
            if item in self.loader:
                self.stages[item] = self.loader[item]
            else:
                # Of a file of its own: *.dvc, or the dvc.yaml of a folder.
                self.stages = {stage.addressing: stage for stage in in_order(self.repo)} | self.stages
        return self.stages[item]

    def attempt(self, item: str, stopped: Callable[[float], bool]) -> tuple[str, str]:
        """Bring an item up to date; what became of it, and a sentence if it failed.

        `stopped` waits for so many seconds, and says whether the run is to end.
        """
        commands: list[str] = []

        def note(record: logging.LogRecord) -> bool:
            commands.append(record.getMessage())
            return True

        logger = logging.getLogger("dvc.stage.run")
        logger.addFilter(note)
        try:
            while True:
                try:
                    outcome = self.reproduce(self.stage(item))
                    return (RESTORED if outcome == RAN and not commands else outcome), ""
                except LockError as error:
                    # Another DVC process reads or writes the same files: a `dvc repro`, or one that is just ending.
                    if stopped(1.0):
                        return FAILED, str(error)
        except DvcException as error:
            print(f"ERROR: {error}", flush=True)
            return FAILED, str(error)
        except Exception as error:
            traceback.print_exc()
            return FAILED, f"{type(error).__name__}: {error}"
        finally:
            logger.removeFilter(note)

    def reproduce(self, stage: Stage) -> str:
        """Do what `dvc repro --single-item` does, but record nothing under inputs that changed meanwhile."""
        with lock_repo(self.repo), self.repo.scm_context(quiet=True), parsed_once(self.parsed):
            present = [each for each in stage.deps if each.exists]
            for each in present:
                # As DVC does before it records: a dep that dvc.lock does not know yet is taken for an old format's.
                each.update_legacy_hash_name()
            before = {str(each): each.get_hash() for each in present}
            if not stage.reproduce(no_commit=True):
                return UNCHANGED
            changed = [str(each) for each in stage.deps if before.get(str(each)) != each.hash_info]
            if changed:
                names = ", ".join(changed)
                raise DvcException(f"{names} changed while the item ran; nothing was recorded, run it again")
            if self.far or all(out.use_cache or out.is_metric or out.is_plot for out in stage.outs):
                self.runs.save(stage)
            stage.commit()
            if not isinstance(stage, PipelineStage):
                stage.dump()
        return RAN

    def entry(self, item: str) -> str:
        """What dvc.lock is to say of an item, as text; nothing if it never ran, or keeps its state elsewhere."""
        stage = self.stage(item)
        known = isinstance(stage, PipelineStage) and any(out.hash_info for out in stage.outs)
        return lockfile.text_of(stage) if known else ""

    def record(self, entries: Mapping[str, str], order: Iterable[str]) -> None:
        """Write entries of items into dvc.lock, in the graph's order."""
        with self.repo.lock:
            lockfile.record(entries, order)

    def believe(self, item: str, entry: str) -> None:
        """Take an entry of dvc.lock, of this tree or another, for what is recorded of an item."""
        if entry:
            stage, content = self.stage(item), lockfile.parsed(entry)
            stage.cmd_changed = content.get("cmd") != stage.cmd
            StageLoader.fill_from_lock(stage, content)

    def bring(self, item: str, entry: str) -> None:
        """Put the outs of an entry into the tree, unless they are there already."""
        stage, content = self.stage(item), lockfile.parsed(entry)
        with lock_repo(self.repo):
            recorded = self.runs._create_stage(content, wdir=stage.wdir)
            missing = [out for out in recorded.outs if out.workspace_status()]
            if missing and self.remote:
                for objects in recorded.get_used_objs().values():
                    self.repo.cloud.pull(objects, remote=self.remote)
            in_git = {out.def_path for out in stage.outs if not out.use_cache}
            for out in missing:
                with self.runs._cache_type_copy() if out.def_path in in_git else nullcontext():
                    out.checkout(force=True)

    def send(self, item: str) -> None:
        """Let other trees have what an item has made: put it into the cache, and the cache's copy into the remote."""
        stage = self.stage(item)
        with lock_repo(self.repo):
            entry = lockfile.parsed(self.entry(item))
            for out in self.runs._uncached_outs(stage, entry):
                out.commit()
            if self.remote:
                recorded = self.runs._create_stage(entry, wdir=stage.wdir)
                for objects in recorded.get_used_objs().values():
                    if failed := self.repo.cloud.push(objects, remote=self.remote).failed:
                        raise DvcException(f"{len(failed)} objects of {item} could not be pushed to {self.remote}")
                self.runs.publish(stage)


class Runs(StageCache):
    """DVC's run cache, which also looks into a remote, one key at a time: `dvc fetch --run-cache` copies all of it."""

    def __init__(self, repo: Repo, remote: str) -> None:
        super().__init__(repo)
        self.remote = remote

    def restore(self, stage: Stage, run_cache: bool = True, pull: bool = False, dry: bool = False) -> None:
        """Restore what an earlier run made, pulled from the remote if there is one."""
        super().restore(stage, run_cache=run_cache, pull=pull or bool(self.remote), dry=dry)

    def _load(self, stage: Stage) -> Any:  # noqa: ANN401 - DVC's
        if self.remote and (key := _get_stage_hash(stage)):
            self.copy(key, fetch=True)
        return super()._load(stage)

    def publish(self, stage: Stage) -> None:
        """Let the remote know of a stage's run."""
        if _can_hash(stage):
            self.copy(_get_stage_hash(stage), fetch=False)

    def copy(self, key: str, fetch: bool) -> None:
        """Copy the records of the runs under a key from the remote, or to it."""
        here, there = self.repo.cache.legacy, self.repo.cloud.get_remote_odb(self.remote, hash_name="md5-dos2unix")
        source, target = (there, here) if fetch else (here, there)
        folder = source.fs.join(source.path, "runs", key[:2], key)
        for file in source.fs.find(folder) if source.fs.exists(folder) else ():
            copied = target.fs.join(target.path, "runs", key[:2], key, source.fs.name(file))
            if not target.fs.exists(copied):
                generic.copy(source.fs, file, target.fs, copied)
