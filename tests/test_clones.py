"""Two ways to make the same bytes elsewhere: clones with caches of their own, and clones that share one.

Part of the smoke scale, with an item of every stage: what travels is told by the kinds of items, not by their number.
The clones that share a cache start every stage in an interpreter of its own, the others fork it (`tests.warm`).
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests import elsewhere, warm
from tests.cloned import ITEMS_OF_TIMES, call, clone, commit, entries, environment, everything, made, retort
from tests.small_graph import PROJECT

KEPT = {
    "datasets": ("avatars", "digits", "faces"),
    "judges": ("avatars", "digits", "faces"),
    "teachers": ("set1", "digits", "faces"),
    "wides": ("faces",),
    "searches": ("faces-half",),
    "variants": ("set1-teacher", "set1-w4b3-none", "set1-w4b3-fr5out", "faces-teacher"),
    "chosen": ("faces-best-none",),
    "sweeps": ("digits",),
    "evaluation": ("translation", "classification", "synthesis"),
    "exports": ("set1-w4b3-fr5out", "digits-none"),
}


def part_of_a_clone(target: Path) -> Path:
    """A clone in which rows of a few kinds are left."""
    folder, yaml = clone(target), YAML(typ="safe")
    file = folder / "params.yaml"
    content: dict[str, Any] = {key: rows for key, rows in yaml.load(file).items() if not key.startswith("_")}
    for section, names in KEPT.items():
        content[section] = {name: content[section][name] for name in names}
    with file.open("w", encoding="utf-8") as stream:
        yaml.dump(content, stream)
    commit(folder)
    return folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Such a clone in which everything ran, undisturbed."""
    folder = part_of_a_clone(tmp_path_factory.mktemp("finished"))
    everything(folder)
    return folder


def assert_equal_but_for_times(folder: Path, finished: Path) -> None:
    """Every artifact, and every entry of dvc.lock but those of items that measure times, or draw what was measured."""
    assert made(folder) == made(finished)
    mine, theirs = entries(folder), entries(finished)
    assert mine.keys() == theirs.keys()
    assert {item for item in mine if mine[item] != theirs[item]} <= {*ITEMS_OF_TIMES}


def test_clones_with_caches_of_their_own_make_the_same_bytes_through_a_remote(finished: Path, tmp_path: Path) -> None:
    folder = part_of_a_clone(tmp_path / "driver")
    call(folder, "dvc", "remote", "add", "--quiet", "--local", "store", str(tmp_path / "store"))
    files = elsewhere.certificates(tmp_path / "tls")
    secured = ("--tls-ca-file", files.ca_file, "--tls-cert", files.certificate, "--tls-key", files.key)
    with (
        warm.stages(str(PROJECT)) as more,
        elsewhere.cluster(tmp_path / "cluster", 2, files, **more) as cluster,
    ):
        assert cluster.address.startswith("tls://")
        retort(folder, "repro", "--scheduler", cluster.address, "--remote", "store", *map(str, secured))
        both = elsewhere.clones(tmp_path / "cluster")
        assert len(both) == 2
        assert all(list((each / ".dvc" / "cache" / "files").iterdir()) for each in both)
    assert_equal_but_for_times(folder, finished)
    assert call(folder, "dvc", "status").strip() == "Data and pipelines are up to date."


def test_clones_that_share_a_cache_make_the_same_bytes_although_drivers_are_killed(
    finished: Path, tmp_path: Path
) -> None:
    folder = part_of_a_clone(tmp_path / "driver")
    with elsewhere.cluster(tmp_path / "cluster", 2) as cluster:
        command = [sys.executable, "-m", "retort", "repro", "--scheduler", cluster.address]
        for seconds in (6.0, 14.0):
            with subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.DEVNULL) as run:
                time.sleep(seconds)
                run.kill()
        retort(folder, "repro", "--scheduler", cluster.address)
        assert not [each for each in elsewhere.clones(tmp_path / "cluster") if (each / ".dvc/cache/files").exists()]
    assert_equal_but_for_times(folder, finished)
