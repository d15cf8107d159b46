"""Of a scale's params the fewest rows that show every lesson, compression and pace of every family, cut short.

Sizes, resolutions, networks and settings stay the scale's own. Cut short are: steps, images in a batch, the images that
are drawn and examined, what a search looks at, rounds of timing, and what a compression looks at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stages.learning.contracts import ROLES
from stages.measuring.judge import FEATURES
from stages.searching import choosing, ranking
from stages.settings import members
from stages.settings.rows import CHOSEN, PICK, Params, TaughtRow, VariantRow

Aspect = tuple[str, ...]
Content = dict[str, Any]

WHOLE = "none"
"""The compression of rows that stand for their teacher."""
PARTS = {"translation": 4, "directions": 2}
"""How many images an examination makes of each that it is told of: one for each label asked for, at least as many as
here; one in each direction."""
IN_STEPS = ("frozen_steps",)
"""Settings of `play` that count steps of a training."""
FEWER: Mapping[str, Content] = {"prune_diversity": {"latents": 2, "directions": 2}}
"""Settings of compressions that would look at more images than all trainings of a rehearsal."""
SEARCH: Content = {"random": 1, "alone": max(0, ranking.FEWEST - 2)}
EVOLUTION: Content = {"population": 4, "generations": 1}
LATENCY: Content = {"batches": [1], "repeats": 3, "warmup": 0}


@dataclass(frozen=True)
class Limits:
    """How long a rehearsal is: steps of a training, pixels of a batch, images of an examination."""

    steps: int = 2
    pixels: int = 2 * 256 * 256
    images: int = 64

    def batch(self, published: int, resolution: int) -> int:
        """The published batch, or as many images as the pixels allow; two at least, as lessons relate images."""
        return min(published, max(2, self.pixels // resolution**2))


def aspects(section: str, row: VariantRow, exported: bool) -> frozenset[Aspect]:
    """What a row would show: with its family each member that it names, and each of their settings that is a choice.

    A row that stands for its teacher shows an examination, of whatever family: in no other row's are the rulers
    themselves tried, on damaged images, which takes as long as ten other rows.
    """
    if row.compression == WHOLE:
        return frozenset({("examination", row.examination, WHOLE)})
    beside = [("section", section), *([("exported",)] if exported else [])]
    return frozenset((row.family, *each) for each in (*beside, *named(row)))


def named(row: VariantRow) -> Iterator[Aspect]:
    """Members and choices of a row."""
    yield "examination", row.examination
    yield "partner", str(row.partner != row.dataset)
    yield from member("compression", row.compression, {**row.compression_settings, **words(row.student)})
    for role in ROLES:
        yield from member(f"{role} lesson", getattr(row.distill, role), getattr(row, f"{role}_lesson"))
        pace = getattr(row.pace, role)
        # Other paces weigh a lesson, which changes nothing of what is computed.
        if members.load("paces", pace).FEEDBACK:
            yield from member(f"{role} pace", pace, getattr(row, f"{role}_pace"))


def member(axis: str, name: str, settings: Mapping[str, Any]) -> Iterator[Aspect]:
    """A member, and the settings given: by name, those that are words or truths with their value."""
    yield axis, name
    for key, value in settings.items():
        yield axis, name, key, str(value) if isinstance(value, str | bool) else ""


def tests(row: VariantRow) -> int:
    """How often a row is examined: in each direction of its family, on each of its data sets."""
    directions = getattr(members.load("families", row.family), "DIRECTIONS", ((0, 1),))
    return len(directions) * len({row.dataset, row.partner})


def words(settings: Mapping[str, Any]) -> Content:
    """Settings that are words: another kind of network, not another size."""
    return {key: value for key, value in settings.items() if isinstance(value, str) and key not in (CHOSEN, PICK)}


def rows(settings: Params, families: frozenset[str]) -> dict[str, list[str]]:
    """Section -> the fewest rows that show all that its families' rows do, found greedily, in the scale's order.

    Of rows that show as much, the first of those with the fewest tests.
    """
    exported = {row.source for row in settings.exports.values()}
    allowed = {
        (section, name): row
        for section in ("variants", "chosen")
        for name, row in getattr(settings, section).items()
        if row.family in families and available(row)
    }
    offered = {(section, name): aspects(section, row, name in exported) for (section, name), row in allowed.items()}
    missing = frozenset[Aspect]().union(*offered.values())
    found: list[tuple[str, str]] = []
    while missing:
        best = max(offered, key=lambda each: (len(offered[each] & missing), -tests(allowed[each])))
        found.append(best)
        missing -= offered[best]
    return {
        section: [name for name in getattr(settings, section) if (section, name) in found]
        for section in ("variants", "chosen")
    }


def available(row: VariantRow) -> bool:
    """Whether a rehearsed search has the pick of a row."""
    return CHOSEN not in row.student or row.student[PICK] in choosing.names(SEARCH["random"])


def families(settings: Params) -> list[str]:
    """The families of a scale, in its order."""
    return list(dict.fromkeys(row.family for row in settings.teachers.values()))


def derived(settings: Params, limits: Limits, only: frozenset[str] = frozenset()) -> Content:
    """The params of a rehearsal: of some families, or of all."""
    chosen = only or frozenset(families(settings))
    content = settings.model_dump(mode="json", exclude_unset=True)
    kept: Content = {section: pick(content[section], names) for section, names in rows(settings, chosen).items()}
    for section in ("wides", "searches", "sweeps"):
        mine = [name for name, row in getattr(settings, section).items() if row.family in chosen]
        kept[section] = pick(content.get(section, {}), mine)
    trained = [row for section in kept.values() for row in section.values()]
    kept["exports"] = exports(settings, kept["variants"])
    named_teachers = {row["teacher"] for row in trained}
    kept["teachers"] = pick(content["teachers"], [name for name in content["teachers"] if name in named_teachers])
    used = {row[key] for row in kept["teachers"].values() for key in ("dataset", "partner")}
    kept["judges"] = pick(content["judges"], [name for name in content["judges"] if name in used])
    kept["datasets"] = pick(content["datasets"], [name for name in content["datasets"] if not only or name in used])
    return shortened({**content, **kept}, settings, limits)


def pick(section: Mapping[str, Any], names: list[str]) -> Content:
    """Some rows of a section."""
    return {name: section[name] for name in names}


def exports(settings: Params, variants: Mapping[str, Any]) -> Content:
    """Of each family one export of a student that is rehearsed; a teacher's would take as long as all else."""
    found: dict[str, tuple[str, Content]] = {}
    for name, row in settings.exports.items():
        if row.source in variants and variants[row.source]["compression"] != WHOLE:
            found.setdefault(row.family, (name, row.model_dump(mode="json", exclude_unset=True)))
    return dict(found.values())


def shortened(content: Content, settings: Params, limits: Limits) -> Content:
    """The same rows with fewer steps and images, on any machine."""
    trained: list[Content] = [
        row
        for section in ("teachers", "wides", "searches", "variants", "chosen", "sweeps")
        for row in content[section].values()
    ]
    for sweep in content["sweeps"].values():
        sweep["points"] = {name: single(point) for name, point in sweep["points"].items()}
        trained += sweep["points"].values()
    for row in trained:
        short(row, settings, limits)
    for row in content["searches"].values():
        evolution = {"evolution": {**row["evolution"], **EVOLUTION}} if row.get("evolution") else {}
        # Fewer images than the judge has features have no Fréchet distance.
        row.update({**SEARCH, **evolution, "images": max(FEATURES, limits.images)})
    for row in content["judges"].values():
        side = settings.datasets[row["dataset"]].resolution
        row.update(steps=limits.steps, batch=limits.batch(row["batch"], side))
    content["schedules"] = schedules(content, settings, limits)
    content["evaluation"] = {
        name: examined(name, given, limits.images)
        for name, given in content["evaluation"].items()
        if any(row.get("examination") == name for row in trained)
    }
    content["latency"] = {**LATENCY}
    content["run"] = {**content["run"], "device": "auto", "save_every": limits.steps}
    return content


def single(point: Content) -> Content:
    """A point of a sweep whose grid has one value of each setting, the last."""
    grid = {key: values[-1:] for key, values in point.get("grid", {}).items()}
    return {**point, **({"grid": grid} if grid else {})}


def short(row: Content, settings: Params, limits: Limits) -> None:
    """A row of one seed, with what it counts in steps at the same share of the training."""
    if "seeds" in row:
        row["seeds"] = row["seeds"][:1]
    if row.get("evidence"):
        row["evidence"] = limits.steps
    if row.get("compression") in FEWER:
        row["compression_settings"] = {**row.get("compression_settings", {}), **FEWER[row["compression"]]}
    for key in IN_STEPS:
        if row.get("play", {}).get(key):
            whole = settings.schedules[row["schedule"]].steps
            row["play"] = {**row["play"], key: max(1, round(row["play"][key] * limits.steps / whole))}


def schedules(content: Content, settings: Params, limits: Limits) -> Content:
    """Schedules as they are, but for steps and batches."""
    sides: dict[str, int] = {}
    for section in ("teachers", "wides", "searches", "variants", "chosen", "sweeps"):
        for row in content[section].values():
            own = [row, *row.get("points", {}).values()]
            for name in {each["schedule"] for each in own if each.get("schedule")}:
                sides[name] = max(sides.get(name, 0), settings.datasets[row["dataset"]].resolution)
    return {
        name: {
            **content["schedules"][name],
            "steps": min(limits.steps, settings.schedules[name].steps),
            "batch": limits.batch(settings.schedules[name].batch, side),
        }
        for name, side in sides.items()
    }


def asked(examination: str, images: int) -> int:
    """How many test images an examination is told, so that it makes about so many."""
    return max(16, images // PARTS.get(examination, 1))


def examined(examination: str, given: Content, images: int) -> Content:
    """An examination of so many images; sets of them are small."""
    count = asked(examination, images)
    metrics = {name: dict(settings) for name, settings in given["metrics"].items()}
    for settings in metrics.values():
        if "allow_small_samples" in settings:
            settings["allow_small_samples"] = True
        if "subset_images" in settings:
            settings["subset_images"] = min(settings["subset_images"], count // 2)
        if "images" in settings:
            settings["images"] = min(settings["images"], count)
    return {**given, **({"images": count} if "images" in given else {}), "metrics": metrics}


def lesson(row: TaughtRow) -> str:
    """What a row is taught, in words."""
    parts = []
    for role in ROLES:
        name, settings = getattr(row.distill, role), getattr(row, f"{role}_lesson")
        if name != WHOLE:
            inner = [key for key, value in settings.items() if isinstance(value, dict) and key != "match"]
            chosen = [str(value) for value in settings.values() if isinstance(value, str)]
            pace = getattr(row.pace, role)
            beside = [*inner, *chosen, *([pace] if pace != "constant" else [])]
            of_critic = "critic: " if role == "discriminator" else ""
            parts.append(of_critic + name + (f" ({', '.join(beside)})" if beside else ""))
    return ", ".join(parts) or WHOLE
