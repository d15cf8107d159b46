"""What the page says of one row beyond its line in the table: costs, times, metrics by seed, origin, losses."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML

from stages.harness.findings import tables
from stages.harness.settings import paths, provenance
from stages.harness.settings.rows import VariantRow
from stages.tables import gathered
from stages.tables.gathered import Fields, Gathered

Details = dict[str, Any]

WIDE = 1 << 20
UNNAMED = re.compile(r"[^a-z0-9_-]")
MACS = ("macs", "macs_output_rule")
SHOWN = ("finished", "seconds", "commit", "modified", "cpu", "cores", "python", "torch", "device", "precision")
CURVE_KEYS = ("kind", "name", "seed", "step")


def pasted(name: str, row: VariantRow) -> str:
    """The row in one line that can stand below `variants:` in any params.yaml with its teacher and schedule."""
    writer, file = YAML(), io.StringIO()
    writer.default_flow_style, writer.width = True, WIDE
    writer.dump(row.model_dump(exclude_defaults=True), file)
    return f"  {UNNAMED.sub('-', name)}: {file.getvalue()}"


def networks(counted: Mapping[str, Any]) -> dict[str, Details]:
    """What each network of a row or teacher costs, the one that is kept first."""
    return {name: each for name, each in counted.items() if isinstance(each, dict) and "macs" in each}


def lessons(found: Gathered, name: str) -> list[str]:
    """What teaches which network, called as its family calls it."""
    taught = found.settings.variants[name].distill
    both = zip(networks(found.costs["variants"][name]), (taught.generator, taught.discriminator), strict=False)
    return [f"{player}: {lesson}" for player, lesson in both if lesson != "none"]


def costs(found: Gathered, name: str) -> list[Details]:
    """What each network of a row and of its teacher costs, also at the resolution of published tables."""
    mine = found.costs["variants"][name]
    theirs = found.costs["teachers"][found.settings.variants[name].teacher]
    listed = [
        {"network": player, "row": counted, "teacher": theirs.get(player, {})}
        for player, counted in networks(mine).items()
    ]
    for player, counted in mine.get("at_128", {}).items():
        macs = {key: counted[key] for key in MACS}
        large = theirs.get("at_128", {}).get(player, {})
        listed.append({"network": f"{player} at 128 px", "row": macs, "teacher": large})
    return listed


def network(found: Gathered, name: str) -> Mapping[str, Any]:
    """The timed network that has a row's architecture."""
    return found.latency["networks"].get(found.latency["variants"].get(name), {})


def metrics(report: Mapping[str, Any]) -> list[Details]:
    """Every measured number, seed by seed with its interval, and what the two references score."""
    seeds, references = list(report["seeds"].values()), report.get("references", {})
    listed = []
    for metric in seeds[0]["overall"]:
        known = tables.described(metric)
        values = [[each["overall"][metric], *each.get("intervals", {}).get(metric, [])] for each in seeds]
        beside = {
            who: references[f"{prefix}{metric}"]
            for who, prefix in (("input", tables.INPUT), ("exact", tables.PERFECT))
            if f"{prefix}{metric}" in references
        }
        listed.append(
            {"key": metric, "meaning": known.meaning, "unit": known.unit, "better": known.better, "values": values}
            | beside
        )
    return listed


def comparisons(found: Gathered, name: str) -> list[Details]:
    """Every difference from the control; a bound is missing where a single seed gives none."""
    numbers = ("taught", "untaught", "difference", "low", "high")
    return [
        {
            "metric": metric,
            "control": line.get("control", ""),
            "n": line.get("n", ""),
            "verdict": line["verdict"],
            **{key: float(line[key]) for key in numbers if line.get(key)},
        }
        for (variant, metric), line in found.comparisons.items()
        if variant == name
    ]


def origins(row: VariantRow, name: str) -> list[str]:
    """The items before the page that a row went through, first things first; a point's are those of its sweep."""
    item, swept = name.partition("/")[0], "_sweeps" if "/" in name else ""
    data = dict.fromkeys((row.dataset, row.partner))
    return [
        *(provenance.item_name("acquire_data", each) for each in data),
        *(provenance.item_name("build_judges", each) for each in data),
        provenance.item_name("build_teachers", row.teacher),
        "count_costs",
        provenance.item_name(f"distill_students{swept}", item),
        provenance.item_name(f"evaluate_quality{swept}", item),
        "gather_results",
        "measure_latency",
    ]


def record(item: str) -> Details | None:
    """What an item wrote down of itself; nothing where it left no sound record, for none is needed."""
    stage, _, name = item.partition("@")
    try:
        entry = json.loads(paths.provenance(stage, name).read_text(encoding="utf-8"))
        return {key: entry[key] for key in SHOWN if key in entry}
    except (OSError, ValueError, TypeError):
        return None


def curves() -> dict[str, Details]:
    """The losses of every training, by kind, name and seed."""
    found: dict[str, list[Fields]] = {}
    for line in gathered.table(paths.training_curves()):
        found.setdefault(f"{line['kind']} {line['name']} {line['seed']}", []).append(line)
    return {
        training: {
            "steps": [int(line["step"]) for line in lines],
            "losses": {
                loss: [float(line[loss]) for line in lines]
                for loss in lines[0]
                if loss not in CURVE_KEYS and all(line[loss] for line in lines)
            },
        }
        for training, lines in found.items()
    }


def of_row(found: Gathered, name: str, report: Mapping[str, Any]) -> Details:
    """All of it."""
    row, timed = found.settings.variants[name], network(found, name)
    large = next(
        (n for n, r in found.settings.variants.items() if (r.teacher, r.compression) == (row.teacher, "none")), None
    )
    return {
        "seeds": row.seeds,
        "steps": found.settings.schedules[row.schedule].steps,
        "teacher": row.teacher,
        "teacher_row": large,
        "teacher_seed": found.settings.teachers[row.teacher].seed,
        "about": {
            "family": row.family,
            "data": " + ".join(dict.fromkeys((row.dataset, row.partner))),
            "made by": row.compression,
            "taught": ", ".join(lessons(found, name)) or "nothing",
        },
        "spec": timed.get("spec", {}),
        "teacher_spec": network(found, large).get("spec", {}) if large else {},
        "costs": costs(found, name),
        "times": timed.get("times", []),
        "peak_bytes": timed.get("peak_bytes", {}),
        "metrics": metrics(report),
        "comparisons": comparisons(found, name),
        "origins": origins(row, name),
        "yaml": pasted(name, row),
    }
