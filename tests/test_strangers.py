"""`retort verify` takes a run of another kind of processor for what it is, and still finds what is wrong with one."""

from __future__ import annotations

import csv
import io
import json
import math
import statistics
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from retort.benches import bench_strangers
from retort.commands import app
from retort.verification import agreement, allowing, derived, judging, processors, verdicts
from retort.verification.agreement import Judges, Table
from retort.verification.published import Source
from stages.findings import claims
from stages.settings import params, paths

ROOT = Path(__file__).resolve().parents[1]
PUBLISHED = agreement.read((ROOT / paths.results()).read_bytes())
DRAWS = 40
REFUSED = 4
"""Of DRAWS honest runs, each refused in one case of twenty, more than this are refused with a probability of 5 %."""
SWAPPED = 12
ALARMS = 1e-7
"""How often chance alone may exceed what is allowed for one of the published numbers; there are ten thousand."""


def findings(here: Table, there: Table, judges: Judges | None = None) -> list[str]:
    found = agreement.nearly(here, there, agreement.measured(there), judges)
    return [f"{each.where}: {each.what}" for each in found.findings]


def table(cells: dict[tuple[str, str, str], dict[str, float]]) -> Table:
    """A results.csv of some cells by problem, row and seed."""
    columns = list(dict.fromkeys(name for each in cells.values() for name in each))
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["variant", "seed", "problem", *columns])
    writer.writerows(
        [row, seed, problem, *(repr(each[name]) if name in each else "" for name in columns)]
        for (problem, row, seed), each in cells.items()
    )
    return agreement.read(file.getvalue().encode())


def drawn(random: np.random.Generator) -> Table:
    """A run: rows of four problems, one of which has one seed a row, that scatter by differences or by ratios."""
    cells = {}
    for problem, size, seeds in (("a", 1.0, 5), ("b", 10.0, 3), ("c", 0.1, 3), ("d", 3.0, 1)):
        for row in range(6):
            for seed in range(seeds):
                mean = size * (1 + row)
                cells[problem, f"{problem}{row}", str(seed)] = {
                    "error": size + row + 0.1 * size * random.standard_normal(),
                    "fid": mean * math.exp(0.2 * random.standard_normal()),
                    "kid": size * (0.2 * row - 0.5 + 0.3 * random.standard_normal()),
                }
    return table(cells)


def test_honest_runs_are_accepted_in_19_of_20_cases() -> None:
    random = np.random.default_rng(11)
    refused = sum(bool(findings(drawn(random), drawn(random))) for _ in range(DRAWS))
    assert refused <= REFUSED


def far_apart(problems: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Published rows of one problem and as many seeds that differ by twice what is allowed, in what decides there."""
    for problem, each in problems.items():
        column = each["headline"]
        values = agreement.values(PUBLISHED, column)
        known = allowing.of_problems(values)[problem]
        for (first, one), (second, other) in combinations(values[problem].items(), 2):
            if one.keys() != other.keys():
                continue
            means = statistics.fmean(one.values()), statistics.fmean(other.values())
            allowed = max(
                max(allowing.allowed(known, *pair, ALARMS, len(one)), agreement.FLOOR * abs(pair[1]))
                for pair in (means, means[::-1])
            )
            if abs(means[0] - means[1]) >= 2 * allowed:
                yield first, second, column


def test_two_swapped_rows_are_found_where_they_differ_by_twice_what_is_allowed() -> None:
    pairs = list(far_apart(json.loads((ROOT / paths.dictionary()).read_text())["problems"]))
    assert len(pairs) > SWAPPED
    for first, second, column in pairs[:: len(pairs) // SWAPPED]:
        other = {first: second, second: first}
        rows = {
            key: {**row, column: PUBLISHED.rows[other.get(key[0], key[0]), key[1]][column]}
            for key, row in PUBLISHED.rows.items()
        }
        found = agreement.nearly(Table(PUBLISHED.columns, rows), PUBLISHED, [column])
        named = {each.where for each in found.findings}
        assert named == {f"{first}, {column}", f"{second}, {column}"}


def test_a_few_rows_may_be_louder_than_others_and_more_or_much_louder_ones_are_findings() -> None:
    """Of 1,200 numbers one may be up to twice as far as allowed."""
    random = np.random.default_rng(5)
    names = [f"m{column}" for column in range(60)]
    there = table(
        {
            ("a", f"row{row}", str(seed)): {name: 5.0 + 0.1 * random.standard_normal() for name in names}
            for row in range(20)
            for seed in range(2)
        }
    )

    def moved(**shares: float) -> agreement.Nearness:
        """Row 3 is as many times as far as allowed from the published one in these columns."""
        rows = {key: dict(row) for key, row in there.rows.items()}
        for name, share in shares.items():
            (known,) = (each for each in allowing.scatters(agreement.values(there, name)["a"]) if each.axis == "raw")
            shift = share * known.allowed(5.0, 5.0, agreement.FALSE_ALARMS / 1200, 2)
            for seed in "01":
                rows["row3", seed][name] = repr(float(rows["row3", seed][name]) + shift)
        return agreement.nearly(Table(there.columns, rows), there, names)

    assert (moved(m3=0.9).findings, moved(m3=0.9).told) == ([], [])
    once = moved(m3=1.5)
    assert ([each.where for each in once.told], once.findings) == (["row3, m3"], [])
    twice = moved(m3=1.5, m4=1.5)
    assert ([each.where for each in twice.findings], twice.told) == (["row3, m3", "row3, m4"], [])
    assert [each.where for each in moved(m3=2.5).findings] == ["row3, m3"]


def test_a_run_of_strangers_scatters_as_the_published_one() -> None:
    """Around what four seeds leave open of the means, by what rows and their problem say; shares remain shares."""
    values = {f"row{row}": {str(seed): 0.5 + 0.1 * row + 0.02 * (-1) ** seed for seed in range(4)} for row in range(5)}
    found = bench_strangers.noise(values)
    assert found is not None
    random = np.random.default_rng(0)
    runs = [bench_strangers.drawn(values, found, random) for _ in range(500)]
    for row, name in enumerate(values):
        numbers = np.array([[*each[name].values()] for each in runs])
        assert numbers.mean() == pytest.approx(0.5 + 0.1 * row, abs=0.01)
        assert numbers.max() <= 1.0
        if row < 4:
            assert numbers.std(axis=1, ddof=1).mean() == pytest.approx(0.92 * 0.0231, rel=0.1)
            assert numbers.mean(axis=1).std() == pytest.approx(0.0231 * (2 / 4) ** 0.5, rel=0.1)
    assert bench_strangers.noise({"alone": {"0": 1.0}}) is None


def test_the_published_run_is_accepted_from_strangers_and_a_wrong_one_is_not() -> None:
    """The command, on two runs; and a run in which students learnt something else is refused."""
    said = CliRunner().invoke(app, ["bench", "strangers", "--draws", "2", "--seed", "5"])
    assert said.exit_code == 0, said.output
    assert "2 of 2 drawn runs agree" in said.output
    settings = params.read()
    strangers = bench_strangers.Strangers(settings, claims.read())
    published = derived.of_gathered(strangers.found, settings, strangers.stated)
    honest = strangers.run(np.random.default_rng(1))
    doubled = {
        row: {seed: 2 * number for seed, number in each.items()} for row, each in strangers.values["set1", "l1"].items()
    }
    strangers.values["set1", "l1"] = doubled
    wrong = strangers.run(np.random.default_rng(1))
    assert not [each.findings for each in bench_strangers.held(honest, published, settings) if each.findings]
    numbers, *_ = bench_strangers.held(wrong, published, settings)
    assert len(numbers.findings) > 3
    assert all(each.where.startswith("set1-") for each in numbers.findings)


def test_what_nobody_trained_for_moves_with_the_judge_alone() -> None:
    def rows(returned: float) -> Table:
        cells = {("a", f"a{row}", "0"): {"fid": 5.0, "reference_input_fid": returned} for row in range(3)}
        return table(cells)

    there, here = rows(2.0), rows(2.2)
    assert len(findings(here, there)) == 1, "once for the problem, not for each row"
    assert not findings(here, there, Judges(["a"])), "nobody measured what another judge may move"
    measured = "variant,seed,problem,reference_input_fid\n"
    for width, expected in ((0.2, 0), (0.002, 1)):
        lines = [f"{p},{s},{p},{2 + width * (-1) ** s}\n" for p in "abcd" for s in range(4)]
        known = judging.scatter((measured + "".join(lines)).encode())
        assert len(findings(here, there, Judges(["a"], known))) == expected
        assert len(findings(here, there, Judges(["b"], known))) == 1, "the judge of another problem was trained anew"


def protocol(judge: str, split: str = "test", lpips: str = "") -> dict[str, Any]:
    return {
        "shared": {"split": split},
        "datasets": {"faces": {"images": 16, "judge": judge, "extractor": judge, "lpips": lpips or judge}},
    }


def test_a_protocol_that_differs_by_the_judge_alone_is_the_same() -> None:
    assert judging.anonymous(protocol("a")) == judging.anonymous(protocol("b"))
    assert judging.anonymous(protocol("a")) != judging.anonymous(protocol("a", "train"))
    assert judging.anonymous(protocol("a", lpips="alex")) != judging.anonymous(protocol("a", lpips="vgg"))


def test_of_two_processors_the_rarer_is_named(tmp_path: Path) -> None:
    def record(item: str, cpu: str) -> None:
        (tmp_path / f"{item}.json").write_text(json.dumps({"cpu": cpu, "device": "cpu"}))

    for item in ("build_judges@a", "build_teachers@a", "distill_students@a"):
        record(item, "Xeon")
    record("evaluate_quality@a", "EPYC")
    assert not list(processors.findings(processors.kinds(tmp_path)))
    record("distill_students@b", "EPYC")
    (found,) = processors.findings(processors.kinds(tmp_path))
    assert found.what == "1 trainings were done by cpu on EPYC, but 3 by cpu on Xeon; train all on one kind"
    # One name of a processor says little: many kinds are sold under it.
    newer = {"cpu": "EPYC", "device": "cpu", "vectors": ["AVX2", "AVX-512"]}
    (tmp_path / "distill_students@c.json").write_text(json.dumps(newer))
    assert "cpu on EPYC (AVX2, AVX-512)" in processors.kinds(tmp_path)


def test_this_repository_was_trained_on_one_kind_of_processor() -> None:
    kinds = processors.kinds(ROOT / paths.provenances())
    assert len(kinds) == 1
    assert kinds.total() > 100


def verdicts_of(*lines: str) -> bytes:
    return "\n".join(["variant,control,metric,verdict,p_holm", *lines, ""]).encode()


def held(here: bytes, there: bytes, families: int = 1) -> verdicts.Turned:
    """Verdicts here against published ones; more families make chance more likely."""
    padding = [f"pad{index},plain,m{index},no evidence,1.0" for index in range(families - 1)]
    source = Source("there", {paths.comparisons().as_posix(): there + "\n".join([*padding, ""]).encode()}.get)
    return verdicts.turned({paths.comparisons(): here}, source, {"taught": "two"})


def test_a_sure_reversal_is_a_finding_and_an_unsure_one_among_many_is_told() -> None:
    better, worse = (verdicts_of(f"taught,plain,l1,{word},0.01") for word in ("better", "worse"))
    (found,) = held(worse, better).findings
    assert found.where == "results/comparisons.csv, l1"
    assert found.what == "taught is worse than plain here (p 0.01), better as published (p 0.01)"
    among = held(worse, better, families=500)
    assert not among.findings
    assert len(among.told) == 1
    sure = verdicts_of("taught,plain,l1,worse,0.0000001")
    assert len(held(sure, better, families=500).findings) == 1


def test_chance_makes_as_many_reversals_as_expected() -> None:
    random = np.random.default_rng(3)
    runs, families = 4000, 50
    p = random.uniform(size=(runs, families, 2))
    opposite = random.uniform(size=(runs, families)) < 0.5
    products = np.where(opposite, p.prod(axis=2), 1.0)
    for limit in (1e-3, 1e-4):
        expected = verdicts.expected(limit, families)
        assert (products <= limit).sum(axis=1).mean() == pytest.approx(expected, rel=0.25)


def test_verdicts_that_open_or_close_are_counted() -> None:
    there = verdicts_of("a,plain,l1,better,0.01", "b,plain,l1,no evidence,0.4", "c,plain,l1,worse,0.01")
    here = verdicts_of("a,plain,l1,no evidence,0.4", "b,plain,l1,worse,0.01", "c,plain,l1,worse,0.01")
    found = held(here, there)
    assert not found.findings
    assert found.led == Counter({("better", "no evidence"): 1, ("no evidence", "worse"): 1, ("worse", "worse"): 1})
    assert verdicts.moved(found.led) == "1 of 3 the same; 1 from no evidence to worse; 1 from better to no evidence"
