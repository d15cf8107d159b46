"""`retort use` exchanges params.yaml, and never loses an edit."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from retort.commands.use import use
from tests.small_graph import sh

GIT = ("git", "-c", "user.name=somebody", "-c", "user.email=somebody@example.org")


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a committed params.yaml and two scales."""
    monkeypatch.chdir(tmp_path)
    Path("scales").mkdir()
    for name in ("params.yaml", "scales/smoke.yaml", "scales/paper.yaml"):
        Path(name).write_text(f"# {Path(name).stem}\n", encoding="utf-8")
    sh(*GIT, "init", "-q")
    sh(*GIT, "add", "-A")
    sh(*GIT, "commit", "-qm", "start")
    return tmp_path


def present() -> str:
    """The first word of params.yaml, which tells the three apart."""
    return Path("params.yaml").read_text(encoding="utf-8").removeprefix("# ").strip()


def test_scales_and_the_default_replace_one_another() -> None:
    for scale, expected in [("smoke", "smoke"), ("paper", "paper"), ("default", "params"), ("default", "params")]:
        use(scale)
        assert present() == expected


def test_edits_are_refused_or_kept(capsys: pytest.CaptureFixture[str]) -> None:
    Path("params.yaml").write_text("# mine\n", encoding="utf-8")
    with pytest.raises(typer.Exit) as refused:
        use("smoke")
    assert refused.value.exit_code == 2
    assert present() == "mine"
    assert "--force" in capsys.readouterr().err
    use("smoke", force=True)
    assert present() == "smoke"
    (kept,) = Path(".retort").glob("params-*.yaml")
    assert kept.read_text(encoding="utf-8") == "# mine\n"
    assert str(kept) in capsys.readouterr().out


def test_a_committed_edit_is_the_default() -> None:
    Path("params.yaml").write_text("# mine\n", encoding="utf-8")
    sh(*GIT, "commit", "-qam", "edit")
    use("smoke")
    use("default")
    assert present() == "mine"


def test_an_unknown_scale_names_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as refused:
        use("smok")
    assert refused.value.exit_code == 2
    assert present() == "params"
    assert "did you mean smoke? There are: default, paper, smoke" in " ".join(capsys.readouterr().err.split())


def test_outside_git_there_is_no_default(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tree / ".git").rename(tree / "git-put-away")
    with pytest.raises(typer.Exit):
        use("default")
    assert "needs a params.yaml that git has committed" in capsys.readouterr().err
    with pytest.raises(typer.Exit):
        use("smoke")
    use("smoke", force=True)
    use("paper")
    assert present() == "paper"
