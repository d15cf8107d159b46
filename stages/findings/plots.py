"""What `dvc plots show` draws: of each problem how its rows compare, and how they were trained.

DVC puts every column of a file that it draws into the page that it writes, so these files hold no more than is drawn.
How they are drawn stands in .dvc/plots, and dvc.yaml says which template draws which folder.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from stages.findings import comparing, headlines, naming, tables
from stages.findings.gathering import Gathered
from stages.settings import paths
from stages.settings.rows import Params, VariantRow

FOLDER = paths.RESULTS / "plots"
QUALITY, CURVES = FOLDER / "quality", FOLDER / "curves"
COMPARED = (
    "row",
    "called",
    "kind",
    "verdict",
    "seeds",
    "metric",
    "quality",
    "least",
    "most",
    "parameters",
    "macs",
    "training_macs",
)
TRAINED = ("row", "loss", "step", "value")
KEYS = ("kind", "name", "seed", "step")
EVIDENCE = "evidence/"
"""What the columns of curves.csv begin with that hold no loss but what was measured of gradients."""
BETTER = {"min": "lower is better", "max": "higher is better"}

Point = Mapping[str, object]


def quality(found: Gathered, comparisons: str) -> dict[Path, str]:
    """Every row of a problem by what decides there, beside its cost; `comparisons` is the text of comparisons.csv."""
    verdicts = headlines.verdicts(comparisons)
    problems: dict[str, list[dict[str, object]]] = {}
    for name, row in found.rows.items():
        decides = found.dictionary.headline(row.problem)
        values = [float(each["overall"][decides.name]) for each in found.reports[name]["seeds"].values()]
        costs = found.costs[name]
        line = {
            "row": name,
            "called": naming.labelled(row),
            "kind": kind(row),
            "verdict": verdicts.get((name, decides.name), ""),
            "seeds": len(row.seeds),
            "metric": f"{decides.title} ({decides.name}), {BETTER[decides.better]}",
            "quality": statistics.fmean(values),
            "least": min(values),
            "most": max(values),
            "parameters": costs["kept"]["parameters"],
            "macs": costs["kept"]["macs"],
            "training_macs": costs["training"]["macs"],
        }
        problems.setdefault(row.problem, []).append(line)
    return {QUALITY / f"{problem}.csv": tables.text(COMPARED, lines) for problem, lines in problems.items()}


def kind(row: VariantRow) -> str:
    """What a row is to those who compare it."""
    if row.compression == naming.NONE:
        return "teacher"
    return "taught" if comparing.taught(row) else "not taught"


def curves(settings: Params, rows: Mapping[str, VariantRow], points: Sequence[Point]) -> dict[Path, str]:
    """How the students of each problem, and the teachers of each family, were trained, from the lines of curves.csv."""
    charts = {CURVES / f"{problem}.csv": ("variant", names) for problem, names in students(rows).items()}
    for family in dict.fromkeys(teacher.family for teacher in settings.teachers.values()):
        names = [name for name, teacher in settings.teachers.items() if teacher.family == family]
        charts[CURVES / f"teachers-{family}.csv"] = "teacher", names
    drawn = {path: list(chart(of, names, points)) for path, (of, names) in charts.items()}
    return {path: tables.text(TRAINED, lines) for path, lines in drawn.items() if lines}


def students(rows: Mapping[str, VariantRow]) -> dict[str, list[str]]:
    """The students of each problem that are looked at first."""
    found = headlines.of_problems(rows)
    return {
        problem: [name for name in names if rows[name].compression != naming.NONE] for problem, names in found.items()
    }


def chart(kind: str, names: Iterable[str], points: Sequence[Point]) -> Iterator[dict[str, object]]:
    """The losses that all of these trainings have, each the mean over seeds; what was not trained is left out."""
    trained: dict[str, dict[int, list[Point]]] = {}
    for point in points:
        if point["kind"] == kind:
            trained.setdefault(str(point["name"]), {}).setdefault(int(str(point["step"])), []).append(point)
    mine = {name: trained[name] for name in names if name in trained}
    for loss in common(list(mine.values())):
        for name, steps in mine.items():
            for step, seeds in steps.items():
                values = [float(str(point[loss])) for point in seeds if point[loss]]
                if values:
                    mean = f"{statistics.fmean(values):.4g}"
                    yield {"row": name, "loss": loss.replace("_", " ").replace("/", ": "), "step": step, "value": mean}


def common(trainings: Sequence[Mapping[int, Sequence[Point]]]) -> list[str]:
    """The losses that were recorded in every training."""
    if not trainings:
        return []
    recorded = [
        {loss for seeds in steps.values() for point in seeds for loss, value in point.items() if value}
        for steps in trainings
    ]
    shared = set.intersection(*recorded)
    first = next(iter(next(iter(trainings[0].values()))))
    return [loss for loss in first if loss in shared and loss not in KEYS and not loss.startswith(EVIDENCE)]
