"""Two runs with other seeds: as many verdicts agree as predicted, and what is not as predicted is found."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from retort.commands import app
from retort.verification import playing, repeating
from stages.findings import comparing, gathering, tables
from stages.settings import paths
from tests.test_pooling import SHARED, drawn

ROWS, FAMILIES, SEEDS = 5, 12, 3
SHIFTS = (0.0, 0.0, 0.0, 0.06, 0.12, -0.12, 0.3, -0.5)
"""True differences, of which the smallest are below what three seeds show."""

Lines = list[dict[str, str]]


def run(seed: int, shifts: Sequence[Sequence[float]], n: int = SEEDS, better: str = "min") -> Lines:
    """A table of comparisons, a problem to each family; truths are given, noise is the seed's."""
    lines: Lines = []
    for problem, truths in enumerate(shifts):
        spread = 0.02 if problem % 2 else 0.08
        asked, values = drawn([spread] * (len(truths) + 1), n, 1000 * seed + problem, shared=SHARED, shifts=truths)
        for place, found in enumerate(comparing.compare(asked, values, better)):
            names = (f"{problem}-row{place}", f"{problem}-control", "l1", better)
            cells = dict(zip(gathering.COMPARISON, (*names, *vars(found).values()), strict=True))
            lines.append({column: tables.written(cell) for column, cell in cells.items()})
    return lines


def truths(seed: int) -> list[list[float]]:
    random = np.random.default_rng(seed)
    return [[float(each) for each in random.choice(SHIFTS, ROWS)] for _ in range(FAMILIES)]


def problems(lines: Lines) -> dict[str, str]:
    return {line["variant"]: line["variant"].split("-")[0] for line in lines}


@pytest.mark.parametrize("better", ["min", "max"])
@pytest.mark.parametrize("n", [2, 3])
def test_plays_are_judged_as_results_are(n: int, better: str) -> None:
    """From the numbers of a table the plays' arithmetic comes to the verdicts of the table."""
    lines = [line for seed in range(10) for line in run(seed, truths(seed), n, better)]
    scales = set()
    for start in range(0, len(lines), ROWS):
        mine = lines[start : start + ROWS]
        family = playing.family(mine)
        again = playing.verdicts(family, family.mean[None], family.error[None])[0]
        assert [playing.JUDGED[place] for place in again] == [line["verdict"] for line in mine]
        scales.add(mine[0]["scale"])
    assert scales >= ({"raw", "own"} if n > 2 else {"raw"})


@pytest.mark.parametrize(("n", "others"), [(SEEDS, SEEDS), (5, 2)])
def test_as_many_verdicts_agree_as_predicted(n: int, others: int) -> None:
    """Of forty pairs of runs the true share lies in the predicted interval in nearly all, and is as high on average."""
    inside, ahead = [], []
    for seed in range(40):
        known = truths(seed)
        first, second = run(2 * seed, known, n), run(2 * seed + 1, known, others)
        found = repeating.repeated(first, second, problems(first))
        inside.append(found.low <= found.share <= found.high)
        ahead.append(found.share - found.expected)
    assert np.mean(inside) >= 0.85  # 95 % of 40 are 38; 34 or fewer come in one of a hundred times
    assert abs(np.mean(ahead)) < 0.03
    assert 0.02 < np.std(ahead) < 0.12, "pairs of runs that all agree alike would predict nothing"


def test_a_run_of_fewer_seeds_is_expected_to_agree_less() -> None:
    """Differences that five seeds show and two do not; nobody has to contradict anybody for that."""
    known = [[0.1, -0.1, 0.1, -0.1]] * FAMILIES
    first, same, fewer = (run(seed, known, n) for seed, n in ((0, 5), (1, 5), (2, 2)))
    equal, unequal = (repeating.repeated(first, other, problems(first)) for other in (same, fewer))
    assert unequal.expected < equal.expected - 0.1
    assert unequal.share < equal.low
    assert equal.as_expected
    assert unequal.as_expected


def test_a_run_of_fewer_rows_is_corrected_for_fewer() -> None:
    """Half of the rows alone: their verdicts are counted, and what they were judged among is not the same."""
    known = [[0.13, -0.13, 0.13, 0.13, -0.13, 0.13]] * FAMILIES
    first, whole = run(0, known), run(1, known)
    part = [line for line in run(1, [each[:1] for each in known]) if line["variant"].endswith("row0")]
    found, among = (
        repeating.repeated(first, other, problems(first), repeating.judged(part)) for other in (part, whole)
    )
    assert found.compared == among.compared == FAMILIES
    assert (found.expected, found.low) != (among.expected, among.low)
    assert found.as_expected


def test_runs_of_different_truths_do_not_agree_as_predicted() -> None:
    """Rows that were swapped, or other data: fewer verdicts agree than power allows, and some are reversed."""
    first, second = run(0, truths(0)), run(1, truths(1))
    found = repeating.repeated(first, second, problems(first))
    assert found.share < found.low
    assert found.reversed
    assert not found.as_expected
    assert repeating.repeated(first, run(1, truths(0)), problems(first)).as_expected


def test_a_single_reversal_is_a_finding() -> None:
    first = run(0, truths(0))
    other = {"better": "worse", "worse": "better"}
    place = next(place for place, line in enumerate(first) if line["verdict"] in other)
    second = [dict(line) for line in first]
    second[place]["verdict"] = other[first[place]["verdict"]]
    found = repeating.repeated(first, second, problems(first))
    assert found.reversed == (playing.key(first[place]),)
    assert (found.compared, found.agree) == (len(first), len(first) - 1)
    assert not found.as_expected


def predicted(lines: Lines) -> tuple[float, float, float]:
    """What is expected of another run of the same seeds and rows."""
    found = repeating.judged(lines)
    return playing.predicted(found, found, found.keys(), problems(lines))


def test_what_is_far_from_zero_agrees_and_what_chance_decides_does_not() -> None:
    sure = run(0, [[2.0] * ROWS, [-2.0] * ROWS])
    expected, low, high = predicted(sure)
    assert low > 0.99
    assert expected <= high == 1.0
    # In the noisier half of the problems such a difference is shown in some runs, and in others not.
    unsure = run(0, [[0.17, -0.17, 0.17, -0.17]] * 12)
    expected, low, high = predicted(unsure)
    assert 0.5 < low < expected < high < 1.0


def test_single_seeds_and_other_rows_are_not_compared() -> None:
    first = run(0, truths(0))
    single = [{**line, "verdict": "single seed", "low": "", "high": ""} for line in first]
    with pytest.raises(playing.RepeatedError, match="no comparison of several seeds in common"):
        repeating.repeated(first, single, problems(first))
    half = run(1, truths(0))[: len(first) // 2]
    assert repeating.repeated(first, half, problems(first)).compared == len(half)


SIDES = (("variant", "taught"), ("control", "untaught"))


def lay(place: Path, lines: Lines) -> None:
    """Results of a run, as far as verdicts need them; rows of the first problem are headline rows."""
    (place / paths.RESULTS).mkdir(parents=True)
    known = problems(lines)
    numbers = {line[row]: line[number] for line in lines for row, number in SIDES}
    rows = [
        {"variant": row, "seed": 0, "problem": row.split("-")[0], "headline": row.startswith("0-"), "l1": number}
        for row, number in numbers.items()
    ]
    (place / paths.results()).write_text(tables.text(["variant", "seed", "problem", "headline", "l1"], rows))
    other = [{**line, "metric": "gain", "verdict": "better"} for line in lines]  # what does not decide does not count
    (place / paths.comparisons()).write_text(tables.text(gathering.COMPARISON, [*lines, *other]))
    decides = {problem: {"examination": "translation", "headline": "l1"} for problem in known.values()}
    (place / paths.dictionary()).write_text(json.dumps({"columns": {}, "problems": decides}))


def agree(first: Lines, second: Lines, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    """What the command says of two runs."""
    for name, lines in (("here", first), ("there", second)):
        lay(folder / name, lines)
    monkeypatch.chdir(folder / "here")
    return CliRunner().invoke(app, ["agree", str(folder / "there")])


def test_the_command_prints_what_agrees_and_what_should(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = agree(run(0, truths(0)), run(1, truths(0)), tmp_path, monkeypatch)
    assert said.exit_code == 0, said.output
    cells = r"\D+{}\D+(\d+) \((\d+)%\)\D+(\d+)% \((\d+)% to (\d+)%\)\D+0\D"
    for rows, count in ((repeating.HEADLINE, ROWS), (repeating.ALL, ROWS * FAMILIES)):
        (line,) = (line for line in said.output.splitlines() if rows in line)
        numbers = re.search(cells.format(count), line)
        assert numbers, line
        agreeing, share, expected, low, high = map(int, numbers.groups())
        assert share == round(100 * agreeing / count)
        assert low <= expected <= high


def test_rows_that_were_trained_once_are_not_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some rows were trained again; of the rest the other run holds the published numbers."""
    first, second = run(0, truths(0)), run(1, truths(0))
    said = agree(first, [*second[: 2 * ROWS], *first[2 * ROWS :]], tmp_path, monkeypatch)
    assert re.search(rf"\b{repeating.ALL}\b\D+{2 * ROWS}\b", said.output), said.output


def test_the_command_fails_where_runs_contradict_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = agree(run(0, truths(0)), run(1, truths(1)), tmp_path, monkeypatch)
    assert said.exit_code == 1
    assert re.search(r"\d+-row\d against \d+-control, l1: reversed", said.output)


def test_the_command_refuses_what_cannot_be_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = run(0, truths(0))
    said = agree(lines, lines, tmp_path / "same", monkeypatch)
    assert (said.exit_code, "the very same comparisons" in said.output) == (2, True)
    said = agree(lines, run(1, truths(0)), tmp_path / "older", monkeypatch)
    older = tmp_path / "older" / "there" / paths.comparisons()
    older.write_text(older.read_text().replace("p_holm", "p"))
    said = CliRunner().invoke(app, ["agree", str(tmp_path / "older" / "there")])
    assert (said.exit_code, "older version" in said.output) == (2, True)
