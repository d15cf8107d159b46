"""`retort doctor`: what this machine has, what params.yaml asks for, and how long what is stale will take."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stages.settings import git, machine, members, paths, specs, speed, sweeps
from stages.storage import weights

if TYPE_CHECKING:
    from stages.settings.rows import Params

PURPOSES = {
    "inception": "the published FID and KID (extractor: inception)",
    "alex": "LPIPS with AlexNet (lpips: {network: alex})",
    "vgg": "LPIPS with VGG-16 (lpips: {network: vgg}, and lessons with perceptual: lpips)",
    "resnet50": "a ResNet-50 that starts from ImageNet (pretrained: imagenet)",
    "mobilenet_v2": "a MobileNetV2 that starts from ImageNet (pretrained: imagenet)",
}
EYES = {("perceptual", "lpips"): "vgg"}
"""Published weights that a lesson looks through, by the setting that asks for them."""
GIB = 1 << 30


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False) -> None:
    """Show the machine, the repository, optional weights and data, and what is left to run.

    Exit status 0 when everything params.yaml asks for is there; otherwise 1, with what is missing and how to get it.
    """
    from retort.checking import params

    missing: list[str] = []
    try:
        settings = params.checked()
    except params.ParamsError as error:
        settings = None
        missing.append(f"a sound params.yaml ({len(error.problems)} errors): `retort check` lists them")
    sections = {
        "machine": describe_machine(),
        "torch": describe_torch(),
        "repository": describe_repository(),
        "weights": describe_weights(settings),
        "data": describe_data(settings) if settings else {},
        "work": describe_work(),
    }
    missing += what_is_missing(settings) if settings else []
    if as_json:
        typer.echo(json.dumps({**sections, "missing": missing}, indent=1, ensure_ascii=False))
    else:
        show(sections, missing)
    raise typer.Exit(1 if missing else 0)


def describe_machine() -> dict[str, Any]:
    """Interpreter, system, processor, memory."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": machine.cpu_model(),
        "instruction sets": ", ".join(machine.instruction_sets()) or "none of those that matter",
        "cores": machine.cores(),
        "speed": f"{speed.here(measure=True):.0f} steps of a small network per second",
        "memory": f"{machine.memory_bytes() / GIB:.1f} GiB",
    }


def describe_torch() -> dict[str, Any]:
    """The build, the device, and whether bfloat16 pays."""
    import torch

    from stages.learning import devices

    gpus = [torch.cuda.get_device_name(each) for each in range(torch.cuda.device_count())]
    device = torch.device("cuda" if gpus else "cpu")
    native = devices.native_bfloat16(device)
    return {
        "version": torch.__version__,
        "threads": f"{torch.get_num_threads()} (every item of the pipeline uses 1)",
        "GPU": ", ".join(gpus) or "none",
        "bfloat16": f"native on this {device.type}" if native else f"emulated on this {device.type}: float32 is faster",
    }


def describe_repository() -> dict[str, Any]:
    """DVC and git."""
    return {
        "dvc": version("dvc"),
        "git": git_state(),
        "dvc.lock": "present" if paths.LOCK.exists() else "absent: nothing has run yet",
        "half-way": f"{len(list(paths.STATE.glob('scratch/*/state.pt')))} trainings, which continue where they stopped",
    }


def git_state() -> str:
    """Whether the tree is as committed."""
    listed = git.said("status", "--porcelain")
    if listed is None:
        return "not installed, or not a git repository"
    changed = len(listed.splitlines())
    return f"{changed} files changed or untracked" if changed else "clean"


def wanted_weights(settings: Params) -> dict[str, str]:
    """The published weights that params ask for, with the path they name."""
    chosen = {name: path for given in settings.evaluation.values() for name, path in of_examination(given)}
    chosen |= dict.fromkeys((*started_from(settings), *looked_through(settings)), "")
    return {name: path for name, path in chosen.items() if name in weights.PUBLISHED}


def of_examination(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The weights that an examination's own settings name, each with its path, and those of its metrics."""
    for key, value in given.items():
        if isinstance(value, str):
            yield value, given.get(f"{key}_weights", "")
    for name, settings in given["metrics"].items():
        metric: Any = members.load("metrics", name)
        if hasattr(metric, "weights"):
            yield from metric.weights(**settings).items()


def started_from(settings: Params) -> Iterator[str]:
    """The published weights that teachers and students begin with, where their family knows such."""
    for row in sweeps.rows(settings).values():
        family: Any = members.load("families", row.family)
        for spec in specs.of(row, settings) if hasattr(family, "published_weights") else ():
            yield from family.published_weights(spec)


def looked_through(settings: Params) -> Iterator[str]:
    """The published weights that lessons compare images with."""
    for row in (*sweeps.rows(settings).values(), *settings.wides.values(), *settings.searches.values()):
        for lesson in (row.generator_lesson, row.discriminator_lesson):
            yield from (EYES[each] for each in lesson.items() if isinstance(each[1], str) and each in EYES)


def describe_weights(settings: Params | None) -> dict[str, Any]:
    """Where each of the published weights is, and what it would be for."""
    named = wanted_weights(settings) if settings else {}
    found: dict[str, Any] = {}
    for name in weights.PUBLISHED:
        need = "asked for by params.yaml" if name in named else "not asked for"
        try:
            found[name] = f"{weights.find(name, named.get(name))} ({need}): {PURPOSES[name]}"
        except weights.WeightsError:
            found[name] = f"not found ({need}): {PURPOSES[name]}"
    return found


def describe_data(settings: Params) -> dict[str, Any]:
    """Which data sets of params.yaml are prepared."""
    rows = settings.datasets.items()
    return {name: "prepared" if is_prepared(name) else f"to be made by {row.dataset}" for name, row in rows}


def is_prepared(name: str) -> bool:
    """Whether the data set lies ready."""
    from stages.storage import prepared

    return (paths.dataset(name) / prepared.HEADER).is_file()


def what_is_missing(settings: Params) -> Iterator[str]:
    """What params.yaml asks for and this machine does not have, each with how to get it."""
    import torch

    from stages.acquire_data import load_source
    from stages.storage import prepared

    for name, path in wanted_weights(settings).items():
        try:
            weights.find(name, path)
        except weights.WeightsError as error:
            yield str(error)
    for name, row in settings.datasets.items():
        if not is_prepared(name):
            try:
                load_source(row)
            except prepared.DataError as error:
                yield f"data set {name}: {error}{how_to_get(name, row.dataset)}"
    if settings.run.device == "cuda" and not torch.cuda.is_available():
        yield "a GPU (run.device: cuda): torch sees none; install a CUDA build of torch, or write `device: auto`"


def how_to_get(name: str, reader: str) -> str:
    """What fetches the files of a data set, by its own name or by its reader's; nothing where nobody publishes them."""
    from retort.commands.fetch import Wanted

    known = [each for each in (name, reader) if each in {wanted.value for wanted in Wanted}]
    return f"; `retort fetch {known[0]}` says how to get it" if known else ""


def describe_work() -> dict[str, Any]:
    """How much is stale and about how long it takes here."""
    from retort.engine import graph as graphs
    from retort.engine import times
    from retort.engine.ledger import clock

    try:
        graph = graphs.read()
    except graphs.GraphError as error:
        return {"graph": str(error)}
    pending, cores = graph.pending(), machine.cores()
    if not pending:
        return {"items": len(graph.needs), "stale": "none"}
    known = times.known()
    seconds = graphs.expected_seconds(pending, known.seconds)
    took = clock(graphs.span(graph, pending, seconds, cores)) if seconds else ""
    whose = known.of_another_machine(pending)
    return {
        "items": len(graph.needs),
        "stale": f"{len(graph.stale)}, and {len(pending) - len(graph.stale)} that follow",
        "time": f"about {took} on {cores} cores{whose}" if took else "unknown: nothing was timed yet",
    }


def show(sections: dict[str, dict[str, Any]], missing: list[str]) -> None:
    """All on one screen."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False)
    table = Table.grid(padding=(0, 2))
    for section, facts in sections.items():
        for place, (name, value) in enumerate(facts.items()):
            table.add_row(section if place == 0 else "", name, str(value))
    console.print(table)
    for each in missing:
        console.print(f"missing: {each}", style="red")
    if not missing:
        console.print("Everything that params.yaml asks for is here.", style="green")
