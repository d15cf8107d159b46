"""Time the network of every row, and exported ones in ONNX Runtime. In: params.yaml, results/networks; out:
results/latency.json, which is never the same twice.

Sound only while nothing else runs on the machine, no training above all; therefore late in the graph. Weights do not
change a time, so networks are built from their specs with fresh ones, and rows of equal spec are timed once. In every
round each network runs once. Memory is what PyTorch's allocator holds at most during a call, with weights and input:
not the process, and not the scratch space that a convolution library claims for itself.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import torch

from stages.metrics import latency
from stages.settings import machine, params, paths, provenance
from stages.settings.atomic import write_atomically
from stages.settings.rows import Latency, Params
from stages.timing import outside, sizes
from stages.timing.sizes import Sizes


def measure(wanted: list[Sizes], plan: Latency) -> list[dict[str, Any]]:
    """What each network takes on each device, threads and batch, and how many times less than its teacher."""
    keys = list(dict.fromkeys(key for each in wanted for key in (each.teacher, each.network)))
    networks = {key: latency.Network(*key) for key in keys}
    times: dict[Sizes, list[dict[str, Any]]] = {each: [] for each in wanted}
    for device, threads in latency.places():
        torch.set_num_threads(threads)
        for batch in plan.batches:
            calls = {key: network.call(batch, device) for key, network in networks.items()}
            seconds = dict(zip(keys, latency.in_turns(list(calls.values()), plan), strict=True))
            setting = {"device": device.type, "threads": threads, "batch": batch}
            for each in wanted:
                summary = latency.latency(seconds[each.network])
                ratio = latency.speed_up(seconds[each.teacher], seconds[each.network])
                times[each].append({**setting, "rounds": len(seconds[each.network]), **summary, **ratio})
    torch.set_num_threads(1)
    return [describe(each, networks[each.network], networks[each.teacher], times[each], plan) for each in wanted]


def describe(
    timed: Sizes, network: latency.Network, teacher: latency.Network, times: list[dict[str, Any]], plan: Latency
) -> dict[str, Any]:
    """The times of a network beside what explains them."""
    devices = {device.type: device for device, _ in latency.places()}
    return {
        "family": timed.family,
        "spec": asdict(timed.spec),
        "macs": network.macs,
        "mac_ratio": teacher.macs / network.macs,
        "times": times,
        "peak_bytes": {
            kind: {batch: network.peak_bytes(batch, device) for batch in plan.batches}
            for kind, device in devices.items()
        },
        "operators": network.operators(max(plan.batches)),
    }


def exports(settings: Params, ratios: dict[Sizes, float]) -> dict[str, Any]:
    """Exported row -> its first network -> runtime -> precision -> times; files of equal spec are timed once."""
    of_row = sizes.exported(settings)
    first = {each: name for name, each in reversed(of_row.items())}
    networks = {
        each: outside.Timed(
            (paths.exported_networks(name) / f"{each.kept}.onnx").read_bytes(),
            latency.Network(*each.network).call(1, torch.device("cpu")),
            Sizes(*each.teacher, each.teacher_spec),
            ratios[each],
        )
        for each, name in first.items()
    }
    times = outside.compare(networks, settings.latency, latency)
    return {name: {each.kept: times[each]} for name, each in of_row.items()}


def main() -> None:
    """Time every network once and say which row has which."""
    settings = params.read()
    of_row = sizes.rows(settings)
    first: dict[Sizes, str] = {}
    for name, each in of_row.items():
        first.setdefault(each, name)
    load = machine.load()
    # Whoever starts this process may have told the C library to give memory back, as Dask does: times would show it.
    machine.keep_memory()
    with provenance.timed("measure_latency", load_before=load):
        measured = dict(zip(first.values(), measure(list(first), settings.latency), strict=True))
        content = {
            "machine": {
                "cpu": machine.cpu_model(),
                "cores": machine.cores(),
                "instruction_sets": machine.instruction_sets(),
                "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "",
                "torch": torch.__version__,
                "onnxruntime": outside.VERSION,
                "load_before": load,
            },
            "precision": "float32",
            "repeats": settings.latency.repeats,
            "warmup": settings.latency.warmup,
            "networks": measured,
            "variants": {name: first[each] for name, each in of_row.items()},
            "exports": exports(settings, {each: measured[name]["mac_ratio"] for each, name in first.items()}),
        }
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        write_atomically(paths.latency(), text.encode())
    if machine.busy(load, machine.cores()):
        print(
            f"measure_latency: the machine was busy ({load:g} cores in use); run it again alone before you cite a time"
        )


if __name__ == "__main__":
    main()
