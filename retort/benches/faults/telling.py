"""Reliability figures as they are kept, and the rows of CHECKLIST.md that say them.

As a program this keeps the figures that `retort bench faults --json` wrote, of one file or a file for each part, and
puts their rows into CHECKLIST.md: `python -m retort.benches.faults.telling FIGURES.json…`.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from retort.benches.faults import victims

MEASURED = Path(__file__).with_name("measured.json")
"""The figures of the full length, as they were measured last."""
CHECKLIST = Path("CHECKLIST.md")
SAID = {"as before": "that change nothing", "another": "that are valid and mean something else"}
"""Outcomes in the words of a sentence, where their names alone say too little."""
KILLED = "Does a run that is killed at any moment go on to the same bytes?"
DAMAGED = "Is a damaged file refused with a sentence, and never used in silence?"
IN_SHORT = "[tests/test_faults.py](tests/test_faults.py) in short, `retort bench faults` at length"
"""What the checklist shows while no figures are kept."""


def wanted() -> dict[str, str]:
    """The rows that CHECKLIST.md must hold."""
    if not MEASURED.exists():
        return {question: f"| {question} | yes | {IN_SHORT} |" for question in (KILLED, DAMAGED)}
    return rows(json.loads(MEASURED.read_text(encoding="utf-8")))


def rows(figures: dict[str, Any]) -> dict[str, str]:
    """Question -> its row, of kept figures."""
    command = f"`retort bench faults --seed {figures['seed']}`, [figures](retort/benches/faults/{MEASURED.name})"
    told = {KILLED: kills(figures["kills"]), DAMAGED: inputs(figures["inputs"])}
    faults = {KILLED: figures["kills"]["faults"], DAMAGED: figures["inputs"]["faults"]}
    return {
        question: f"| {question} | {'no' if faults[question] else 'yes'} | {sentence}: {command} |"
        for question, sentence in told.items()
    }


def kills(found: dict[str, Any]) -> str:
    """What came of kills."""
    by = ", ".join(f"{found[whom]} {whom}s" for whom in victims.WHOM)
    passes = f"{found['passes']} pass{'es' if found['passes'] != 1 else ''} of the smoke scale"
    faults = f"{len(found['faults'])} faults" if found["faults"] else "no fault"
    compared = f"all {found['files_compared']} files compared with those of an undisturbed run"
    return f"{found['kills']} times kill -9 ({by}) in {passes}, each continued; {compared}, {faults}"


def inputs(found: dict[str, Any]) -> str:
    """What came of malformed inputs."""
    total = outcomes(found)
    faults = total.pop("fault", 0)
    parts = ", ".join(f"{count} {SAID.get(what, what)}" for what, count in total.most_common())
    return (
        f"{found['inputs']} files damaged at random and given to the commands that read them: {parts}, {faults} faults"
    )


def outcomes(found: dict[str, Any]) -> Counter[str]:
    """What came of all inputs, whatever their kind."""
    total: Counter[str] = Counter()
    for each in found["outcomes"].values():
        total.update(each)
    return total


def replaced(text: str, rows: dict[str, str]) -> str:
    """A checklist with other rows of some questions."""
    found = []
    for line in text.splitlines():
        question = next((each for each in rows if line.startswith(f"| {each} |")), None)
        found.append(rows[question] if question else line)
    return "\n".join(found) + "\n"


def merged(files: list[Path]) -> dict[str, Any]:
    """The figures of some files, which must be of one seed and have both parts."""
    read = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    if len({each["seed"] for each in read}) != 1:
        raise SystemExit("name figures of one seed")
    found = {key: value for each in read for key, value in each.items()}
    absent = [part for part in ("kills", "inputs") if part not in found]
    if absent:
        raise SystemExit(f"name a file that has figures of {' and '.join(absent)}")
    return found


def main(files: list[Path]) -> None:
    """Keep figures, and put their rows where they belong."""
    MEASURED.write_text(json.dumps(merged(files), indent=1) + "\n", encoding="utf-8")
    CHECKLIST.write_text(replaced(CHECKLIST.read_text(encoding="utf-8"), wanted()), encoding="utf-8")


if __name__ == "__main__":
    main([Path(each) for each in sys.argv[1:]])
