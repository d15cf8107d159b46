"""Main effects of the factorial: planted ones are found, whatever a problem's errors are, and nothing else is."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from stages.findings import factors
from stages.findings.factors import ALL, BLOCK, BOTH, CRITIC, DISCRIMINATOR, EARLIER, GENERATOR, PICTURE, Cell
from stages.settings import params, sweeps
from stages.settings.rows import VariantRow

ROOT = Path(__file__).resolve().parents[1]
PLANTED = {BLOCK: -0.20, EARLIER: -0.04, PICTURE: -0.10, CRITIC: 0.06}
TOGETHER = 0.05
"""What block and image add up to less than."""
NOISE = 0.002


@pytest.fixture(scope="module")
def rows() -> dict[str, VariantRow]:
    """The rows of the default params that are made smaller without weights, on sets 1, 2 and both; three seeds each."""
    found = sweeps.rows(params.read(ROOT / "params.yaml"))
    return {
        n: r.model_copy(update={"seeds": [0, 1, 2]}) for n, r in found.items() if r.problem in ("set1", "set2", "set12")
    }


def truth(cell: Cell) -> float:
    """What a row scores, as a share of the untaught one."""
    return 1 + sum(PLANTED[each] for each in factors.FACTORS if cell.has(each)) + TOGETHER * (cell.block and cell.image)


def reports(rows: dict[str, VariantRow], units: dict[str, float], noise: float = NOISE) -> dict[str, Any]:
    """Numbers of every row around the truth; problems differ in their unit."""
    draw = random.Random(1)
    return {
        name: {
            "seeds": {
                str(seed): {
                    "overall": {"l1": units.get(row.problem, 1.0) * (truth(factors.cell(row)) + draw.gauss(0, noise))}
                }
                for seed in row.seeds
            }
        }
        for name, row in rows.items()
    }


def lines(rows: dict[str, VariantRow], measured: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """The table, by effect and what it is a mean over."""
    found = list(factors.lines(rows, measured, {"l1": "min", "nobody-has-it": "min"}))
    assert {line["metric"] for line in found} == {"l1"}
    table = {(str(line["effect"]), str(line["over"])): line for line in found}
    assert len(table) == len(found)
    return table


def test_every_effect_holds_rows_against_rows(rows: dict[str, VariantRow]) -> None:
    found = factors.of_rows(rows)
    assert [one.title for one in found] == [
        "set1: width 8, blocks 3", "set2: width 8, blocks 3", "set12: width 8, blocks 3", "set12: width 4, blocks 1",
    ]  # fmt: skip
    for family in factors.asked(found):
        for each in family:
            weights = each.contrast.values()
            assert sum(weight for weight in weights if weight > 0) == pytest.approx(1)
            assert sum(weight for weight in weights if weight < 0) == pytest.approx(-1)


def test_rows_of_an_effect_agree_in_all_else(rows: dict[str, VariantRow]) -> None:
    for one in factors.of_rows(rows):
        names = {name: cell for cell, name in one.cells.items()}
        assert len(names) == len(one.cells)
        for factor in factors.FACTORS:
            contrast = factors.effects(one).get(factor, {})
            having = [names[name] for name, weight in contrast.items() if weight > 0]
            lacking = [names[name] for name, weight in contrast.items() if weight < 0]
            assert all(cell.has(factor) for cell in having)
            assert sorted(cell.other(factor) for cell in having) == sorted(lacking)


def test_planted_effects_are_found(rows: dict[str, VariantRow]) -> None:
    table = lines(rows, reports(rows, {}))
    expected = {
        BLOCK: PLANTED[BLOCK] + TOGETHER / 2, PICTURE: PLANTED[PICTURE] + TOGETHER / 2, CRITIC: PLANTED[CRITIC],
        EARLIER: PLANTED[EARLIER], DISCRIMINATOR: PLANTED[CRITIC], f"{BLOCK} × {PICTURE}": TOGETHER / 2,
        f"{BLOCK} × {CRITIC}": 0.0, f"{PICTURE} × {CRITIC}": 0.0,
    }  # fmt: skip
    for effect, value in expected.items():
        line = table[effect, "set12: width 8, blocks 3"]
        assert float(line["difference"]) == pytest.approx(value, abs=4 * NOISE), effect
        if value:
            assert line["verdict"] == ("better" if value < 0 else "worse"), effect
        else:
            assert line["verdict"] in ("no difference", "no evidence"), effect
    generator, both = (float(table[effect, ALL]["difference"]) for effect in (GENERATOR, BOTH))
    assert both - generator == pytest.approx(PLANTED[CRITIC], abs=0.03), "means over unequal lessons"


def test_a_problem_of_larger_errors_has_no_more_say(rows: dict[str, VariantRow]) -> None:
    alike, apart = (lines(rows, reports(rows, units)) for units in ({}, {"set2": 40.0, "set12": 0.01}))
    for key, line in alike.items():
        assert float(apart[key]["difference"]) == pytest.approx(float(line["difference"]), abs=1e-9), key
        assert apart[key]["verdict"] == line["verdict"]


def test_the_mean_of_all_is_that_of_the_problems_that_can_tell(rows: dict[str, VariantRow]) -> None:
    table = lines(rows, reports(rows, {}))
    for effect in {effect for effect, _ in table}:
        alone = [line for (word, over), line in table.items() if word == effect and over != ALL]
        everything = table[effect, ALL]
        if everything["scale"] != "log" and all(line["scale"] != "log" for line in alone):
            mean = sum(float(line["difference"]) for line in alone) / len(alone)
            assert float(everything["difference"]) == pytest.approx(mean, abs=1e-9), effect
        assert set(str(everything["problems"]).split()) == {p for line in alone for p in str(line["problems"]).split()}


def test_without_a_row_its_effects_are_not_told(rows: dict[str, VariantRow]) -> None:
    names = [name for name, row in rows.items() if row.problem == "set1" and factors.cell(row).earlier]
    less = {name: row for name, row in rows.items() if name not in names}
    table = lines(less, reports(less, {}))
    assert (EARLIER, "set1: width 8, blocks 3") in lines(rows, reports(rows, {}))
    assert (EARLIER, "set1: width 8, blocks 3") not in table
    assert (BLOCK, "set1: width 8, blocks 3") in table


def test_single_seeds_give_no_interval(rows: dict[str, VariantRow]) -> None:
    single = {name: row.model_copy(update={"seeds": [0]}) for name, row in rows.items()}
    table = lines(single, reports(single, {}))
    assert {line["verdict"] for line in table.values()} == {"single seed"}
    assert all(line["low"] is None for line in table.values())


def test_a_control_that_scores_nothing_has_no_shares(rows: dict[str, VariantRow]) -> None:
    measured = reports(rows, {"set1": 0.0})
    assert not list(factors.lines(rows, measured, {"l1": "min"}))
