"""`retort bench faults` in short, with another seed; and that it tells what must not be when it is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retort.benches.faults import inputs, kills, malformed, scratch, telling, victims
from retort.benches.faults.feeding import Answer
from retort.benches.faults.inputs import Case, Kind
from retort.benches.faults.kills import Made
from retort.benches.faults.records import Records
from stages.settings import paths
from tests.test_verify import published

__all__ = ["published"]

SEED = 3
READ_BY_VERIFY = ("params", "results", "published", "claims", "measurements")
TARGET = "build_teachers@digits"


def silent(_: str) -> None:
    """Progress that nobody reads."""


def test_damaged_results_params_and_claims_are_refused_with_a_sentence(published: Path) -> None:
    kinds = tuple(kind for kind in inputs.KINDS if kind.name in READ_BY_VERIFY)
    told: list[str] = []
    found = malformed.run(published, 40, SEED, told.append, kinds)
    assert found["faults"] == [], "\n".join(told)
    assert found["inputs"] == 40
    assert set(found["outcomes"]) == set(READ_BY_VERIFY)
    assert telling.outcomes(found)["refused"] > 20


def case(words: tuple[str, ...], content: bytes) -> Kind:
    """One case, whatever is drawn."""
    file = inputs.GIVEN / "given.json"
    return Kind("results", 1, lambda _, __: Case("results", file, "damage", True, content, b"{}", words))


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("traceback", "gives a traceback: RuntimeError: no luck"),
        ("nothing", "is accepted silently"),
        ("new", "is accepted silently, and made.txt is new"),
        ("changed", "is accepted silently, and kept.txt is changed"),
        ("gone", "is refused, and kept.txt is gone"),
        ("slow", "takes more than 5 s"),
        ("crash", "ends the command with signal 6"),
        ("status", "gives exit status 3"),
        ("nameless", "is refused without its name: it is wrong"),
    ],
)
def test_a_command_that_misbehaves_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, sentence: str
) -> None:
    monkeypatch.setattr(malformed, "LIMIT_S", 5.0)
    monkeypatch.setattr(malformed.Folder, "usual", lambda *_: Answer(0, "", 0.0, 100.0, False))
    (tmp_path / "kept.txt").write_text("kept", encoding="utf-8")
    kinds = (case(("tests.misbehaving", what), b"[1]"),)
    found = malformed.run(tmp_path, 1, SEED, silent, kinds, imported=())
    assert found["faults"] == [f"results: .retort/faults/given.json (damage) {sentence}"]
    assert (tmp_path / "kept.txt").read_text(encoding="utf-8") == "kept"
    assert not (tmp_path / "made.txt").exists()


def test_every_way_of_damage_changes_a_file_and_the_seed_decides_how(published: Path) -> None:
    kinds = tuple(kind for kind in inputs.KINDS if kind.name in READ_BY_VERIFY)
    one, other = (list(inputs.drawn(published, kinds, 60, seed)) for seed in (SEED, SEED))
    assert [each.content for each in one] == [each.content for each in other]
    assert all(each.content != each.good for each in one)
    assert len({each.damage for each in one}) > 12
    assert [each.content for each in inputs.drawn(published, kinds, 60, SEED + 1)] != [each.content for each in one]


def test_killed_drivers_workers_and_programs_leave_the_same_bytes(tmp_path: Path) -> None:
    told: list[str] = []
    found = kills.run(tmp_path, 3, SEED, told.append, (TARGET,))
    assert found["faults"] == [], "\n".join(told)
    assert [found[whom] for whom in victims.WHOM] == [1, 1, 1]
    assert found["runs"] > found["passes"] > 0
    assert found["files_compared"] > 10
    made = scratch.made(tmp_path / "pass1")
    assert paths.teacher("digits").as_posix() in made


def test_what_is_recorded_and_not_whole_is_told(published: Path) -> None:
    text = paths.LOCK.read_text(encoding="utf-8")
    assert list(Records(published).untrue()) == []
    paths.costs().write_text("{", encoding="utf-8")
    paths.quality("plain").unlink()
    told = sorted(Records(published).untrue())
    assert told == [
        "count_costs: results/costs.json is not what is recorded",
        "evaluate_quality@plain: results/quality/plain.json is recorded and not there",
    ]
    assert paths.LOCK.read_text(encoding="utf-8") == text


def test_what_a_killed_run_made_otherwise_is_told() -> None:
    right = Made({"a": "1", "b": "2"}, {"one": "x", "two": "y"})
    assert list(kills.differences(right, right)) == []
    wrong = Made({"a": "3", "a.7.partial": "1"}, {"one": "x"})
    assert list(kills.differences(wrong, right)) == [
        "a has other bytes than in the undisturbed run",
        "a.7.partial is left over",
        "b is not made",
        "dvc.lock says something else of two than after the undisturbed run",
    ]


def test_the_checklist_says_what_was_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (scratch.PROJECT / telling.CHECKLIST).read_text(encoding="utf-8")
    assert all(row in text.splitlines() for row in telling.wanted().values())
    if telling.MEASURED.exists():
        figures = json.loads(telling.MEASURED.read_text(encoding="utf-8"))
        assert figures["seed"] != SEED
        assert min(figures["kills"]["kills"], figures["inputs"]["inputs"]) >= 200
    monkeypatch.setattr(telling, "MEASURED", tmp_path / "measured.json")
    monkeypatch.setattr(telling, "CHECKLIST", tmp_path / "CHECKLIST.md")
    (tmp_path / "CHECKLIST.md").write_text(telling.replaced(text, telling.wanted()), encoding="utf-8")
    killed = {"kills": 7, "driver": 3, "worker": 2, "program": 2, "passes": 1, "files_compared": 90, "faults": []}
    damaged = {"inputs": 5, "outcomes": {"params": {"refused": 3, "fault": 1}, "data": {"refused": 1}}, "faults": ["x"]}
    for name, part in (("kills", killed), ("inputs", damaged)):
        (tmp_path / f"{name}.json").write_text(json.dumps({"seed": 4, name: part}), encoding="utf-8")
    telling.main([tmp_path / "kills.json", tmp_path / "inputs.json"])
    lines = (tmp_path / "CHECKLIST.md").read_text(encoding="utf-8").splitlines()
    (one,), (other,) = ([line for line in lines if question in line] for question in (telling.KILLED, telling.DAMAGED))
    assert one.startswith(f"| {telling.KILLED} | yes | 7 times kill -9 (3 drivers, 2 workers, 2 programs) in 1 pass")
    assert "`retort bench faults --seed 4`" in one
    assert f"{telling.DAMAGED} | no | 5 files damaged" in other
    assert "4 refused, 1 faults" in other
