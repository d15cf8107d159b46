"""Figures and table of classifiers, on numbers made by hand: what is hatched, what is drawn, what is in the table."""

from __future__ import annotations

import csv
import io
import json
import re
import statistics
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from stages import count_costs, write_tables
from stages.figures import evidence, reliability, subclasses, temperatures, written
from stages.figures.evidence import Evidence
from stages.learning import checkpoints
from stages.settings import members, params, paths, specs, sweeps
from stages.settings.atomic import write_atomically
from stages.tables import cards, gathered, summary
from stages.tables.gathered import Gathered
from stages.tables.summary import Table
from tests import all_tables, columns_of_rows, digits
from tests.laid import markdown_tables, parsed

# Error of each seed; the second point is surely better, the third cannot be told from the control.
ERRORS = {
    "halves/teacher": [0.02],
    "halves/none": [0.050, 0.052],
    "halves/kd-alpha0.5-temperature1": [0.030, 0.0321],
    "halves/kd-alpha0.5-temperature4": [0.040, 0.070],
    "halves/kd-alpha1-temperature1": [0.090, 0.0921],
    "halves/kd-alpha1-temperature4": [0.050, 0.051],
}


def report(name: str, errors: list[float]) -> dict[str, Any]:
    """What the examination writes."""
    seeds = {}
    for seed, error in enumerate(errors):
        overall = dict.fromkeys(columns_of_rows.CLASSIFIED, 0.5)
        overall |= {"error": error, "accuracy": 1 - error, "f1": 1 - error, "subclass_ami": 0.6 - error}
        seeds[str(seed)] = {
            "training_precision": "float32",
            "overall": overall,
            "intervals": {"error": [error - 0.01, error + 0.01]},
            "standard_errors": {"error": 0.005},
            "labels": {"zero–four": {"f1": 1 - error}, "five–nine": {"f1": 1 - error}},
            "reliability": {"images": [4, 20, 76], "confidence": [0.2, 0.6, 0.9], "accuracy": [0.5, 0.5, 0.95]},
        }
    places = {"x": [float(i % 7) for i in range(100)], "y": [float(i % 5) for i in range(100)]}
    drawn = {"picture": {**places, "label": [i % 10 for i in range(100)], "subclass": [0] * 100}}
    return {
        "variant": name,
        "columns": columns_of_rows.of(columns_of_rows.CLASSIFIED),
        "headline": "error",
        "protocol": {"shared": {"examination": "classification"}, "datasets": {"numbers": {"images": 100}}},
        "references": {},
        **(drawn if name.endswith("teacher") else {}),
        "seeds": seeds,
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Params, counts and gathered numbers of one sweep."""
    content = digits.added({**parsed(), "variants": {}, "teachers": {}, "datasets": {}, "judges": {}})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("swept"))
        paths.PARAMS.write_text(json.dumps(content), encoding="utf-8")
        settings = params.read()
        for name in sweeps.rows(settings):
            paths.quality(name).parent.mkdir(parents=True, exist_ok=True)
            paths.quality(name).write_text(json.dumps(report(name, ERRORS[name])), encoding="utf-8")
        trained = [
            (paths.student_curve(name, seed), bool(settings.schedules[row.schedule].steps))
            for name, row in sweeps.rows(settings).items()
            for seed in row.seeds
        ]
        for curve, moved in [(paths.teacher_curve("big"), True), *trained]:
            curve.parent.mkdir(parents=True, exist_ok=True)
            line = "1\t2.3\n" if moved else ""
            curve.write_text(f"step\tclassifier/cross_entropy\n{line}", encoding="utf-8")
        paths.CLAIMS.write_text("claims: []\n", encoding="utf-8")
        count_costs.main()
        all_tables.gather()
        machine = {"cpu": "a", "torch": "2", "load_before": 0.0, "cores": 2}
        content = {"machine": machine, "precision": "float32", "networks": {}, "variants": {}}
        paths.latency().write_text(json.dumps(content), encoding="utf-8")
        return Path.cwd()


@pytest.fixture
def found(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Evidence:
    monkeypatch.chdir(folder)
    return evidence.load()


def tabled(found: Evidence) -> tuple[Gathered, Table]:
    """What was gathered of the one kind of examination there is, and its table."""
    ((made, table),) = summary.tables_of(gathered.load(found.settings))
    return made, table


def words(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def test_every_figure_is_drawn_the_same_twice(found: Evidence) -> None:
    def files() -> dict[str, bytes]:
        made: dict[str, bytes] = {}
        for kind in (temperatures, subclasses, reliability):
            for drawn in kind.figures(found):
                assert all(path.exists() for path in drawn.inputs)
                made |= written.files(drawn, "test")
        return made

    first = files()
    assert {name.partition(".")[0] for name in first} == {
        "temperatures-halves",
        "subclasses-halves",
        "reliability-halves",
    }
    assert files() == first


def test_the_heat_map_hatches_what_is_no_evidence(found: Evidence) -> None:
    (drawn,) = temperatures.figures(found)
    error = drawn.figure.axes[0]
    tiles = {
        (round(patch.get_x() - 0.02), round(patch.get_y() - 0.06)): patch
        for patch in error.patches
        if isinstance(patch, Rectangle)
    }
    # Columns are temperatures 1 and 4; rows the control, α 0.5 and α 1.
    assert [bool(tiles[place].get_hatch()) for place in ((0, 1), (1, 1), (0, 2), (1, 2))] == [False, True, False, True]
    blue, orange = tiles[0, 1].get_facecolor(), tiles[0, 2].get_facecolor()
    assert blue[2] > blue[0]
    assert orange[0] > orange[2]
    assert words(drawn.figure)[:5] == ["5.10 ± 0.14 %", "−2.0", "+0.4", "+4.0", "−0.1"]


def test_blue_is_better_whichever_way_a_metric_goes(found: Evidence) -> None:
    (drawn,) = temperatures.figures(found)
    colours = [
        next(
            p.get_facecolor()
            for p in axes.patches
            if isinstance(p, Rectangle) and (p.get_x(), p.get_y()) == (0.02, 1.06)
        )
        for axes in drawn.figure.axes
    ]
    assert colours[0] == pytest.approx(colours[1])


def test_agreement_is_beside_what_the_class_alone_gives(found: Evidence) -> None:
    (drawn,) = subclasses.figures(found)
    dots, bars = drawn.figure.axes
    assert len(dots.lines) == 10
    assert [bar.get_width() for bar in bars.patches if isinstance(bar, Rectangle)] == pytest.approx(
        [found.mean(name, "subclass_ami") for name in ERRORS]
    )
    assert subclasses.alone(10, 2) == pytest.approx(0.4628, abs=1e-4)
    assert subclasses.alone(10, 10) == 1


def test_reliability_pools_seeds_and_leaves_small_bins_out(found: Evidence) -> None:
    images, confidence, accuracy = reliability.pooled(found, "halves/none")
    assert images == [8, 40, 152]
    assert (confidence, accuracy) == (pytest.approx([0.2, 0.6, 0.9]), pytest.approx([0.5, 0.5, 0.95]))
    (drawn,) = reliability.figures(found)
    curves = drawn.figure.axes[0].lines[1:]
    assert all(np.asarray(line.get_xdata()).tolist() == pytest.approx([0.6, 0.9]) for line in curves)
    assert len(reliability.chosen(found.rows)) == 5


def test_the_table_of_classifiers(found: Evidence) -> None:
    made, table = tabled(found)
    texts = write_tables.texts(made, table)
    assert set(texts) == {f"classifiers.{kind}" for kind in ("tex", "md", "html", "csv")}
    (group,) = table.groups
    lines = {line.name: line for line in group.lines}
    assert list(lines) == list(ERRORS)
    assert [lines[name].kind for name in ERRORS] == ["teacher", "control", *["taught"] * 4]
    assert table.verdict(group, lines["halves/kd-alpha0.5-temperature1"]) == "better"
    assert table.verdict(group, lines["halves/kd-alpha0.5-temperature4"]) == "no evidence"
    assert table.verdict(group, lines["halves/kd-alpha1-temperature1"]) == "worse"
    assert {"error", "auc", "subclass_ami"} <= {column.key for column in table.columns}
    assert not {"l1", "fid_judge", "cross_entropy_votes"} & {column.key for column in table.columns}
    assert "exact error" not in texts["classifiers.md"].lower()
    assert "F1 and AUC" in texts["classifiers.md"]
    rows = list(csv.DictReader(io.StringIO(texts["classifiers.csv"])))
    assert len(rows) == len(ERRORS)


def test_the_card_of_classifiers(found: Evidence) -> None:
    made, table = tabled(found)
    (card,) = cards.texts(made, table).values()
    assert "pipeline_tag: image-classification\n" in card
    assert "Optical Recognition of Handwritten Digits" in card
    assert "judged once, on all images of the test split" in card
    assert "Of 4 taught rows, 2 differ from the control" in card
    for absent in ("image-to-image", "portraits", "discriminator", "judge, not", "at most"):
        assert absent not in card
    (procedure, results) = markdown_tables(card)[1:]
    for name, errors in ERRORS.items():
        assert sum(f"| `{name}` |" in line for line in procedure) == 1
        (line,) = (line for line in results if f"| {name} |" in line)
        assert f"{100 * statistics.fmean(errors):.2f}" in line
    assert all(len({line.count("|") for line in block}) == 1 for block in (procedure, results))


def test_the_code_of_a_classifiers_card_runs(found: Evidence) -> None:
    made, table = tabled(found)
    (card,) = cards.texts(made, table).values()
    ((name, row),) = made.settings.teachers.items()
    spec = specs.of_teacher(row, made.settings)
    networks = members.load("families", row.family).build(spec)
    write_atomically(paths.teacher(name), checkpoints.serialise(row.family, spec, networks, {}))
    (block,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    assert "# zero to four, five to nine\n" in block
    names: dict[str, Any] = {}
    exec(block, names)
    assert names["shares"].shape == (1, 2)
    assert names["shares"].sum().item() == pytest.approx(1, abs=1e-6)


def test_figures_follow_the_rows_and_not_where_they_are_trained(found: Evidence) -> None:
    """The same rows as variants of one's own names."""
    own = {name: name.replace("/", "-") for name in found.rows}
    moved = replace(
        found,
        rows={own[name]: row for name, row in found.rows.items()},
        lines={own[name]: lines for name, lines in found.lines.items()},
        reports={own[name]: each for name, each in found.reports.items()},
        comparisons=[{**line, "variant": own[line["variant"]]} for line in found.comparisons],
    )
    for kind in (temperatures, subclasses, reliability):
        (before,), (after,) = (list(kind.figures(each)) for each in (found, moved))
        assert after.name == before.name
        assert words(after.figure) == words(before.figure)


def test_rows_of_two_sizes_have_a_heat_map_each(found: Evidence) -> None:
    twice = {f"{name}-wide": row.model_copy(update={"student": {"dense": 9}}) for name, row in found.rows.items()}
    both = replace(
        found,
        rows={**found.rows, **twice},
        lines={**found.lines, **{f"{name}-wide": lines for name, lines in found.lines.items()}},
        comparisons=[*found.comparisons, *({**c, "variant": f"{c['variant']}-wide"} for c in found.comparisons)],
    )
    assert [drawn.name for drawn in temperatures.figures(both)] == ["temperatures-halves", "temperatures-halves-2"]


def test_nothing_that_classifies_nothing_drawn(found: Evidence) -> None:
    none = found.only([])
    assert [drawn for kind in (temperatures, subclasses, reliability) for drawn in kind.figures(none)] == []
