"""Examinations and the metrics that are asked of them: that both exist and fit each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from retort.checking import sentences
from retort.checking.datasets import Sources
from retort.checking.sentences import Problem
from stages.settings import members
from stages.settings.rows import Params


def check(params: Params, known: Sources) -> Iterator[Problem]:
    """Everything that is wrong with how rows are examined."""
    for name, given in params.evaluation.items():
        path = f"evaluation.{name}"
        unknown = sentences.no_member(path, "examinations", name)
        wrong = unknown or [*examination(path, members.load("examinations", name), given)]
        yield from wrong
        if not wrong:
            yield from programs(path, name, params, known)


def programs(path: str, name: str, params: Params, known: Sources) -> Iterator[Problem]:
    """Programs that cannot draw given factors, and those that would be needed and are not named."""
    member: Any = members.load("examinations", name)
    named = params.evaluation[name].get("programs", [])
    for index, each in enumerate(named):
        unknown = sentences.no_member(f"{path}.programs[{index}]", "datasets", each)
        yield from unknown
        if not unknown and not hasattr(members.load("datasets", each), "program"):
            yield Problem(f"{path}.programs[{index}]", f"{each!r} cannot draw given factors; take it out")
    rows = (*params.variants.values(), *params.sweeps.values())
    for dataset in sorted({row.dataset for row in rows if row.examination == name} & known.keys()):
        drawn_by, source = params.datasets[dataset].dataset, known[dataset]
        if "programs" in member.Settings.model_fields and source.factors is not None and drawn_by not in named:
            yield Problem(f"{path}.programs", f"lacks {drawn_by!r}, which draws data set {dataset!r} again; add it")


def examination(path: str, member: Any, given: Mapping[str, Any]) -> Iterator[Problem]:  # noqa: ANN401 - a member
    """An examination's own settings, then the metrics asked for."""
    metrics = given.get("metrics")
    if not isinstance(metrics, dict) or not all(isinstance(each, dict) for each in metrics.values()):
        yield Problem(f"{path}.metrics", f"names each metric with its settings, as `fid: {{}}`; found {metrics!r}")
        return
    known = list(member.Settings.model_fields)
    own = {key: value for key, value in given.items() if key != "metrics" or key in known}
    yield from sentences.refused(path, lambda: member.Settings(**own), known)
    for name, settings in metrics.items():
        yield from metric(f"{path}.metrics.{name}", name, settings, member.OFFERS)


def metric(path: str, name: str, given: Mapping[str, Any], offers: tuple[str, ...]) -> list[Problem]:
    """A metric that does not exist, needs what the examination does not have, or has wrong settings."""
    unknown = sentences.no_member(path, "metrics", name)
    if unknown:
        return unknown
    member: Any = members.load("metrics", name)
    needs = getattr(member, "NEEDS", None)
    if needs not in offers:
        needed = f"needs {needs!r}" if needs else "is measured by a stage of its own"
        return [Problem(path, f"{needed}, and this examination offers {', '.join(offers)}; take the metric out")]
    return sentences.settings(path, member.measure, given)
