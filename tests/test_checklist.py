"""CHECKLIST.md points at what exists: files, sections, commands with their options; what does not exist is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from retort.verification import checklist, repository

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / checklist.FILE).read_text(encoding="utf-8")


def test_the_repository_says_of_itself_what_is_so() -> None:
    """Licences, checklist, citation and deps lists, as `retort verify` checks them."""
    assert not list(repository.findings(ROOT))


def test_the_checklist_is_one() -> None:
    rows = checklist.rows(TEXT)
    assert len(rows) == sum("?" in line for line in TEXT.splitlines()) > 20
    assert {answer for _, answer, _ in rows} == set(checklist.ANSWERS)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("retort verfy", "verb verfy"),
        ("retort verify --exactly", "option --exactly"),
        ("retort data exprt avatars", "verb exprt"),
        ("make everything", "target everything"),
        ("python -m stages.draw", "module stages.draw"),
        ("dvc rerun", "rerun"),
        ("dvc repro --permit-missing", "--permit-missing"),
    ],
)
def test_a_command_that_does_not_exist_is_found(command: str, said: str) -> None:
    assert list(checklist.amiss(command, ROOT)) == [said]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("| Is it so? | maybe | [README](README.md) |", "'Is it so?' is answered 'maybe', which nothing shows"),
        ("| Is it so? | yes | surely |", "'Is it so?' is answered 'yes', which nothing shows"),
        ("| Is it so? | yes | [nothing](nowhere.md) |", "nowhere.md does not exist"),
        ("| Is it so? | yes | [README](README.md#nowhere) |", "README.md has no section #nowhere"),
        ("| Is it so? | yes | `stages/nowhere.py` |", "`stages/nowhere.py` does not exist"),
    ],
)
def test_a_row_that_shows_nothing_is_found(tmp_path: Path, line: str, said: str) -> None:
    for name in ("README.md", "dvc.yaml"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / checklist.FILE).write_text(line + "\n", encoding="utf-8")
    assert [each.what for each in checklist.findings(tmp_path)] == [said]
