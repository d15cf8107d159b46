"""How far numbers move with the judge alone: the same networks examined by judges of several seeds.

Another processor trains other judges, and what judges see moves with them, also of images that no network made. How far
is measured here and kept as results/judging.csv, which `retort verify` reads where the judges at hand are not those of
the published run. Of each family whose rows are judged the first problem is taken, and of that its teacher and the
student that was not taught.

Judges are trained and rows are examined by the stages themselves, in a scratch folder that sees data, weights and
protocols of this working tree; nothing else is written here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from retort.benches.programs import called
from retort.benches.side_by_side import BenchError
from retort.verification import judging
from stages.findings import comparing, naming, records, tables
from stages.settings import params, paths
from stages.settings.rows import Params

PROJECT = Path(__file__).resolve().parents[2]
SEEN = (paths.DATA, *(paths.RESULTS / name for name in ("teachers", "students", "protocols")))
"""What the stages read besides params and judges."""
ABOUT = ("variant", "seed", "problem")
NOT_MEASURED = (*tables.NAMES, tables.PROTOCOL)

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Examined:
    """A problem, the judges that rule over its data, and the rows that are examined again."""

    problem: str
    judges: tuple[str, ...]
    rows: tuple[str, ...]


def chosen(settings: Params, reports: Mapping[str, Mapping[str, Any]]) -> list[Examined]:
    """The first problem of every family whose rows are judged: its teacher, and a student that was not taught."""
    found: dict[str, Examined] = {}
    for name, row in settings.variants.items():
        if row.compression == naming.NONE and row.family not in found and judging.judges(reports[name]):
            students = (
                other
                for other, each in settings.variants.items()
                if each.problem == row.problem and each.compression != naming.NONE and not comparing.taught(each)
            )
            judged = tuple(dict.fromkeys((row.dataset, row.partner)))
            found[row.family] = Examined(row.problem, judged, (name, *[*students][:1]))
    return list(found.values())


def prepare(folder: Path, seed: int, names: Sequence[str]) -> None:
    """A scratch folder whose judges have another seed."""
    (folder / paths.RESULTS / "judges").mkdir(parents=True)
    content = YAML(typ="safe").load(paths.PARAMS.read_text(encoding="utf-8"))
    for name in names:
        content["judges"][name]["seed"] = seed
    with (folder / paths.PARAMS).open("w", encoding="utf-8") as file:
        YAML().dump(content, file)
    for path in SEEN:
        if not path.exists():
            raise BenchError(f"{path} is missing: `retort repro` makes it, or `dvc pull`")
        (folder / path).symlink_to(path.resolve())


def staged(folder: Path, stage: str, name: str) -> None:
    """A stage of the scratch folder, run to its end."""
    called(folder, sys.executable, "-m", f"stages.{stage}", name, PYTHONPATH=str(PROJECT))


def line(name: str, judge: int, report: dict[str, Any], settings: Params) -> dict[str, Any]:
    """What a judge of one seed sees of a row's first network."""
    first = str(settings.variants[name].seeds[0])
    alone = {name: {**report, "seeds": {first: report["seeds"][first]}}}
    nothing = {name: {"kept": {}, "training": {"macs": 0}}}
    (cells,) = records.lines({name: settings.variants[name]}, alone, nothing)
    measured = {column: value for column, value in cells.items() if column not in (*NOT_MEASURED, "training_macs")}
    return {"variant": name, "seed": judge, "problem": settings.variants[name].problem, **measured}


def run(root: Path, seeds: Sequence[int], workers: int, tell: Tell) -> dict[str, Any]:
    """Train judges of other seeds and examine rows again; results/judging.csv, beside the published judges."""
    settings = params.read()
    reports = {name: records.read(paths.quality(name)) for name in settings.variants}
    examined = chosen(settings, reports)
    if not examined:
        raise BenchError("no row of params.yaml is judged by a judge that was trained here")
    judges = list(dict.fromkeys(judge for each in examined for judge in each.judges))
    told = [settings.judges[judge].seed for judge in judges]
    if len({*told}) > 1 or told[0] in seeds:
        raise BenchError(f"judges have the seeds {told}; name other ones than {', '.join(map(str, seeds))}")
    folders = {seed: root / f"seed{seed}" for seed in seeds}
    for seed, folder in folders.items():
        prepare(folder, seed, judges)
    work = [
        [("build_judges", judge) for judge in judges],
        [("evaluate_quality", name) for each in examined for name in each.rows],
    ]
    with ThreadPoolExecutor(workers) as pool:
        for calls in work:
            tell(f"{calls[0][0]}: {len(calls) * len(seeds)} times")
            list(pool.map(lambda each: staged(*each), [(f, *call) for f in folders.values() for call in calls]))
    found = [*lines(examined, folders, reports, told[0], settings)]
    columns = list(dict.fromkeys([*ABOUT, *(column for each in found for column in each)]))
    text = tables.text(columns, ({**dict.fromkeys(columns), **each} for each in found))
    return {"text": text, "problems": [each.problem for each in examined], "judges": len(judges) * len(seeds)}


def lines(
    examined: Sequence[Examined],
    folders: Mapping[int, Path],
    reports: Mapping[str, dict[str, Any]],
    published: int,
    settings: Params,
) -> Iterator[dict[str, Any]]:
    """The table: each row as the published judge sees it, then as the others do."""
    for each in examined:
        for name in each.rows:
            yield line(name, published, reports[name], settings)
            for seed, folder in folders.items():
                report = json.loads((folder / paths.quality(name)).read_text(encoding="utf-8"))
                yield line(name, seed, report, settings)
