"""Backbones: torchvision's own sizes, normalised inputs, published weights only where asked, a base held still."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from pydantic import ValidationError
from torch import Tensor, nn

from stages.blocks import torchvision_ready
from stages.families import backbone
from stages.families.backbone.networks import DEVIATION, MEAN, base_of
from stages.learning import batches, students, training
from stages.learning.contracts import Moment
from stages.learning.rates import decay
from stages.settings.rows import Schedule, VariantRow
from stages.storage import weights
from tests import tiny
from tests.tiny import CPU

torchvision_ready.declare_missing()
from torchvision import models  # noqa: E402 - not before the operators it asks for are declared

SCHEDULE = Schedule(
    steps=4,
    batch=4,
    learning_rate=0.01,
    critic_learning_rate=0.01,
    betas=[0.9, 0.999],
    decay_from=0.5,
    decay="tenth",
    average=0.0,
    flip=False,
)
NETWORKS = ("resnet50", "mobilenet_v2")


def spec(network: str, **changes: Any) -> backbone.Spec:  # noqa: ANN401 - spec fields
    given = {"labels": 2, "classes": 2, "resolution": 32, "network": network, "pretrained": "none"}
    return backbone.Spec(**{**given, "width": 0.125, "depth": 0.1, **changes})


def build(given: backbone.Spec, seed: int = 0) -> Any:  # noqa: ANN401 - a network with its own methods
    torch.manual_seed(seed)
    return backbone.build(given)["classifier"]


def batch(step: int, turn: int = 0) -> Moment:  # noqa: ARG001 - a Draw
    random = torch.Generator().manual_seed(step)
    label = F.one_hot(torch.arange(4) % 2, 2).float()
    real = torch.rand(4, 3, 32, 32, generator=random) * 2 - 1
    seed = batches.seed_of(torch.rand(4, 1, 1, 1, generator=random))
    return Moment({"real": real, "label": label}, seed, step, SCHEDULE.steps)


def begin(network: nn.Module, **play: int) -> training.Run:
    """A teacher's training, before its first step."""
    problem = tiny.problem(2, "classes", 32)
    given = backbone.Losses(), backbone.Play(**play), problem
    game = backbone.game({"classifier": network}, None, {"generator": tiny.teaching()}, *given)
    return training.prepare(game, SCHEDULE)


@pytest.mark.parametrize(("network", "parameters"), [("resnet50", 23_512_130), ("mobilenet_v2", 2_226_434)])
def test_full_size_is_torchvisions(network: str, parameters: int) -> None:
    """23.51 and 2.23 million; Keras's ResNet50V2 and MobileNetV2 have 23.57 and 2.26, with its own biases."""
    with torch.device("meta"):
        mine: Any = backbone.build(spec(network, width=1.0, depth=1.0, resolution=224))["classifier"]
        theirs = getattr(models, network)(weights=None)
    assert sum(p.numel() for p in mine.parameters()) == parameters
    published = theirs if network == "resnet50" else theirs.features
    shapes = {name: v.shape for name, v in published.state_dict().items() if not name.startswith("fc.")}
    assert {name: v.shape for name, v in mine.base.state_dict().items()} == shapes


def test_the_resnet_computes_what_torchvisions_does() -> None:
    theirs = models.resnet50(weights=None).eval()
    mine = base_of(spec("resnet50", width=1.0, depth=1.0)).eval()
    mine.load_state_dict({k: v for k, v in theirs.state_dict().items() if not k.startswith("fc.")})
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        features = mine(image).mean(dim=(2, 3))
        torch.testing.assert_close(theirs.fc(features), theirs(image))


@pytest.mark.parametrize("network", NETWORKS)
def test_taps_and_shrinking(network: str) -> None:
    small, large = spec(network), spec(network, width=0.5, depth=0.5)
    counts = [sum(p.numel() for p in build(each).parameters()) for each in (small, large)]
    assert counts[0] < counts[1]
    seen = build(small).eval().watch(batch(0)["real"])
    taps = backbone.taps(small, "classifier")
    assert {name: value.shape[1] for name, value in seen.items()} == {name: tap.channels for name, tap in taps.items()}


@pytest.mark.parametrize("network", NETWORKS)
def test_pixels_are_normalised_as_imagenets(network: str) -> None:
    """Where each channel is ImageNet's mean, the base sees zeros; one deviation above it, ones."""
    made = build(spec(network)).eval()
    seen: list[Tensor] = []
    made.base.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    mean, deviation = (torch.tensor(each)[None, :, None, None] for each in (MEAN, DEVIATION))
    for above in (0, 1):
        made((mean + above * deviation).expand(1, 3, 32, 32) * 2 - 1)
        torch.testing.assert_close(seen[-1], torch.full((1, 3, 32, 32), float(above)), rtol=0, atol=1e-5)


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Tensor]:
    """Weights of torchvision's form in a place of their own, under the hash they have."""
    monkeypatch.setenv(weights.ENVIRONMENT, str(tmp_path))
    torch.manual_seed(3)
    state = models.mobilenet_v2(weights=None).state_dict()
    file = tmp_path / weights.PUBLISHED["mobilenet_v2"].file
    torch.save(state, file)
    digest = weights.verify(file, "")
    known = weights.PUBLISHED["mobilenet_v2"]
    fields = {**vars(known), "sha256_prefix": digest[:8]}
    monkeypatch.setitem(weights.PUBLISHED, "mobilenet_v2", weights.Weights(**fields))
    return state


def test_published_weights_come_in_where_a_network_begins_and_a_training_takes_none(
    published: dict[str, Tensor],
) -> None:
    network = build(spec("mobilenet_v2", width=1.0, depth=1.0, pretrained="imagenet"))
    backbone.begin({"classifier": network})
    first = {name: value.clone() for name, value in network.base.state_dict().items()}
    assert all(torch.equal(value, published[f"features.{name}"]) for name, value in first.items())
    # A network that has been trained, as a teacher's copy or a resumed one, keeps what it learnt.
    with torch.no_grad():
        network.base[0][0].weight.add_(1)
    learnt = deepcopy(network.state_dict())
    begin(network)
    assert all(torch.equal(value, learnt[name]) for name, value in network.state_dict().items())


def test_from_scratch_takes_nothing_that_was_published(published: dict[str, Tensor]) -> None:
    network = build(spec("mobilenet_v2", width=1.0, depth=1.0))
    before = deepcopy(network.state_dict())
    backbone.begin({"classifier": network})
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    key = "0.0.weight"
    assert not torch.equal(network.base.state_dict()[key], published[f"features.{key}"])


def row(compression: str) -> VariantRow:
    """A row of a backbone that is made in a way."""
    both = {"generator": "none", "discriminator": "none"}
    constant = {"generator": "constant", "discriminator": "constant"}
    given = {"teacher": "tissue", "family": "backbone", "dataset": "tissue", "partner": "tissue", "problem": "tissue"}
    made = {"examination": "classification", "compression": compression, "student": {}, "play": {}}
    return VariantRow.model_validate(
        {**given, **made, "distill": both, "pace": constant, "schedule": "short", "seeds": [0]}
    )


def test_a_student_begins_with_published_weights_unless_it_has_its_teachers(published: dict[str, Tensor]) -> None:
    full = spec("mobilenet_v2", width=1.0, depth=1.0, pretrained="imagenet")
    teacher = {"classifier": build(full)}
    key = "0.0.weight"
    fresh: Any = students.make(row("resize"), teacher, (full, full))["classifier"]
    assert torch.equal(fresh.base.state_dict()[key], published[f"features.{key}"])
    copied: Any = students.make(row("none"), teacher, (full, full))["classifier"]
    assert torch.equal(copied.base.state_dict()[key], teacher["classifier"].base.state_dict()[key])
    counted: Any = students.make(row("resize"), teacher, (full, full), begin=False)["classifier"]
    assert not torch.equal(counted.base.state_dict()[key], published[f"features.{key}"])


def test_absent_weights_are_an_error_and_no_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(weights.ENVIRONMENT, str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    network = build(spec("mobilenet_v2", width=1.0, depth=1.0, pretrained="imagenet"))
    with pytest.raises(weights.WeightsError, match="`retort fetch mobilenet_v2`"):
        backbone.begin({"classifier": network})


def test_published_weights_fit_the_published_size_alone() -> None:
    with pytest.raises(ValidationError, match=r"needs width 1\.0 and depth 1\.0"):
        spec("resnet50", pretrained="imagenet")


@pytest.mark.parametrize("network", NETWORKS)
def test_the_base_stands_still_until_it_is_let_go(network: str) -> None:
    made = build(spec(network))
    run = begin(made, frozen_steps=2)
    start = deepcopy(made.base.state_dict())
    head = made.head.weight.clone()
    going = training.steps(run, batch, SCHEDULE, CPU)
    for _ in range(2):
        next(going)
        assert all(torch.equal(value, start[name]) for name, value in made.base.state_dict().items())
    assert not torch.equal(made.head.weight, head)
    assert made.base.training
    next(going)
    moved = {name: not torch.equal(value, start[name]) for name, value in made.base.named_parameters()}
    assert all(moved.values()), [name for name, did in moved.items() if not did]


def test_fine_tuning_is_at_a_tenth_of_the_rate() -> None:
    assert [decay(SCHEDULE, step) for step in range(4)] == [1.0, 1.0, 0.1, 0.1]
    run = begin(build(spec("mobilenet_v2")))
    rates = []
    for _ in training.steps(run, batch, SCHEDULE, CPU):
        rates.append(next(iter(run.optimisers.values())).param_groups[0]["lr"])
    assert rates == pytest.approx([0.01, 0.01, 0.001, 0.001])


def test_resuming_within_the_frozen_steps_equals_not_stopping() -> None:
    def losses_of(run: training.Run, count: int) -> list[dict[str, float]]:
        going = training.steps(run, batch, SCHEDULE, CPU)
        return [next(going)[1] for _ in range(count)]

    whole = losses_of(begin(build(spec("mobilenet_v2")), frozen_steps=3), 4)
    stopped = begin(build(spec("mobilenet_v2")), frozen_steps=3)
    first = losses_of(stopped, 2)
    resumed = begin(build(spec("mobilenet_v2"), 9), frozen_steps=3)
    resumed.restore(deepcopy(stopped.state()))
    assert [*first, *losses_of(resumed, 2)] == whole
