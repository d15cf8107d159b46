"""`retort repro` with workers that have clones of their own: the same results, whatever way the data travel."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import elsewhere
from tests.small_graph import done, dvc, finished, results, template, tree

__all__ = ["done", "finished", "template", "tree"]

pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep.value:DeprecationWarning")


@pytest.mark.parametrize("remote", ["", "store"])
def test_two_clones_make_what_one_tree_makes(
    remote: str, tree: Path, finished: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    if remote:
        dvc("remote", "add", "--local", remote, str(tmp_path / "store"))
    with elsewhere.cluster(tmp_path / "cluster", 2) as cluster:
        assert elsewhere.repro(cluster, remote=remote) == 0, capfd.readouterr().out
        clones = elsewhere.clones(tmp_path / "cluster")
        assert len(clones) == 2
        ran = [set((clone / "runs.txt").read_text(encoding="utf-8").split()) for clone in clones]
        assert ran[0]
        assert ran[1]
        assert ran[0].isdisjoint(ran[1])
        assert not (tree / "runs.txt").exists()
        assert all((clone / ".dvc/cache/files").exists() == bool(remote) for clone in clones)
    assert results(tree) == results(finished)
    assert "up to date" in dvc("status")
