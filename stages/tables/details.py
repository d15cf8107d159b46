"""What the page says of one row beyond its line in the table: costs, times, metrics by seed, origin, losses."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML

from stages.findings import origins
from stages.measuring.columns import DRAWS, INPUT, PERFECT
from stages.settings import paths, provenance, sweeps
from stages.settings.rows import CHOSEN, VariantRow
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


def lessons(found: Gathered, name: str) -> list[str]:
    """What teaches which networks, called as their family calls them."""
    row, roles = found.rows[name], found.costs["variants"][name]["roles"]
    taught = {role: getattr(row.distill, role) for role in roles}
    return [f"{' + '.join(roles[role])}: {lesson}" for role, lesson in taught.items() if lesson != "none"]


def paces(found: Gathered, name: str) -> list[str]:
    """How the weights of a row's lessons move; a row that is not taught has no pace."""
    row, roles = found.rows[name], found.costs["variants"][name]["roles"]
    return list(dict.fromkeys(getattr(row.pace, role) for role in roles if getattr(row.distill, role) != "none"))


def costs(found: Gathered, name: str) -> list[Details]:
    """What each network of a row and of its teacher costs, also at the resolution of published tables."""
    mine = found.costs["variants"][name]
    theirs = found.costs["teachers"][found.rows[name].teacher]
    listed = [
        {"network": network, "row": counted, "teacher": theirs["networks"].get(network, {})}
        for network, counted in mine["networks"].items()
    ]
    published = mine["published"]
    for network, counted in published["networks"].items():
        macs = {key: counted[key] for key in MACS}
        large = theirs["published"]["networks"].get(network, {})
        listed.append({"network": f"{network} at {published['resolution']} px", "row": macs, "teacher": large})
    return listed


def training(found: Gathered, name: str) -> Details:
    """What one training of a row costs: counted, and as long as it took when its item last ran."""
    return {**found.costs["variants"][name]["training"], **origins.seconds_of_training(found.settings, name)}


def network(found: Gathered, name: str) -> Mapping[str, Any]:
    """The timed network that has a row's architecture."""
    return found.latency["networks"].get(found.latency["variants"].get(name), {})


def metrics(found: Gathered, report: Mapping[str, Any]) -> list[Details]:
    """Every measured number, seed by seed with its interval, and what references score."""
    seeds, references = list(report["seeds"].values()), report.get("references", {})
    listed = []
    for metric in seeds[0]["overall"]:
        known = found.dictionary.described(metric)
        values = [[each["overall"][metric], *each.get("intervals", {}).get(metric, [])] for each in seeds]
        beside = {
            who: references[f"{prefix}{metric}"]
            for who, prefix in (("input", INPUT), ("exact", PERFECT), ("draws", DRAWS))
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


def items(found: Gathered, name: str) -> list[str]:
    """The items before the page that a row went through, first things first."""
    row, item = found.rows[name], origins.item(name)
    data = dict.fromkeys((row.dataset, row.partner))
    return [
        *(provenance.item_name("acquire_data", each) for each in data),
        *(provenance.item_name("build_judges", each) for each in data),
        provenance.item_name("build_teachers", row.teacher),
        *searched(found, row),
        "count_costs",
        provenance.item_name(sweeps.stage(found.settings, "distill_students", item), item),
        provenance.item_name("establish_protocols", row.examination),
        provenance.item_name(sweeps.stage(found.settings, "evaluate_quality", item), item),
        "gather_curves",
        "gather_results",
        "measure_latency",
    ]


def searched(found: Gathered, row: VariantRow) -> list[str]:
    """The items that chose the widths of a row."""
    if CHOSEN not in row.student:
        return []
    search = row.student[CHOSEN]
    wide = provenance.item_name("build_wide_students", found.settings.searches[search].wide)
    return [wide, provenance.item_name("choose_students", search)]


def record(item: str) -> Details | None:
    """What the page shows of an item's record."""
    stage, _, name = item.partition("@")
    entry = origins.entry(stage, name)
    return None if entry is None else {key: entry[key] for key in SHOWN if key in entry}


def curves() -> dict[str, Details]:
    """The losses of every training, by kind, name and seed; null where a step has no number."""
    found: dict[str, list[Fields]] = {}
    for line in gathered.table(paths.training_curves()):
        found.setdefault(f"{line['kind']} {line['name']} {line['seed']}", []).append(line)
    return {
        training: {
            "steps": [int(line["step"]) for line in lines],
            "losses": {
                loss: [float(line[loss]) if line[loss] else None for line in lines]
                for loss in lines[0]
                if loss not in CURVE_KEYS and any(line[loss] for line in lines)
            },
        }
        for training, lines in found.items()
    }


def of_row(found: Gathered, name: str, report: Mapping[str, Any]) -> Details:
    """All of it."""
    row, timed = found.rows[name], network(found, name)
    large = next((n for n, r in found.rows.items() if (r.teacher, r.compression) == (row.teacher, "none")), None)
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
            **({"pace": ", ".join(moved)} if (moved := paces(found, name)) else {}),
            "examination": row.examination,
        },
        "spec": timed.get("spec", {}),
        "teacher_spec": network(found, large).get("spec", {}) if large else {},
        "costs": costs(found, name),
        "training": training(found, name),
        "times": timed.get("times", []),
        "peak_bytes": timed.get("peak_bytes", {}),
        "metrics": metrics(found, report),
        "comparisons": comparisons(found, name),
        "origins": items(found, name),
        "yaml": pasted(name, row),
    }
