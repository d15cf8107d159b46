"""What holds for every compression found in stages/compressions, and what pruning and inheriting keep."""

from __future__ import annotations

import inspect
from copy import deepcopy
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from stages.blocks import surgery
from stages.compressions import inherit, prune
from stages.families import stargan
from stages.families.stylegan2.generator import Generator
from stages.learning import training
from stages.learning.contracts import Networks, Unsupported
from stages.settings import members, specs
from tests import styled, tiny
from tests.tiny import CPU, SCHEDULE, TRANSLATOR, faces, frozen, translator, translators

GIVEN: dict[str, Any] = {"freeze": False}
"""Settings by keyword; a member with a keyword of its own adds a value here."""

REQUESTS: dict[str, dict[str, Any]] = {"none": {}, "inherit": {"blocks": 2}}
"""A student each member can make of LARGE, where it is not the narrower and shallower one."""

LARGE = translator(blocks=4)

OF_STYLES = ("narrow", "prune_diversity", "prune_styles")
"""Members for generators whose maps are modulated."""
SLIM: dict[str, Any] = {"widths": (4, 4, 3), "critic_widths": (2, 2, 2)}

compressions = pytest.mark.parametrize("name", members.names("compressions"))


def settings(name: str) -> dict[str, Any]:
    """The required settings of a compression."""
    parameters = inspect.signature(members.load("compressions", name).make_student).parameters.values()
    return {p.name: GIVEN[p.name] for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty}


def make(name: str, teacher: Networks, **changes: Any) -> Networks:  # noqa: ANN401 - spec fields
    """The student of a teacher made to LARGE."""
    small = specs.shrink(LARGE, changes)
    return members.load("compressions", name).make_student(TRANSLATOR, teacher, LARGE, small, **settings(name))


def teacher_of(spec: stargan.Spec = LARGE) -> Networks:
    """A teacher whose norms differ from channel to channel, as after training."""
    networks = translators(spec)
    with torch.no_grad():
        for module in networks["generator"].modules():
            if isinstance(module, nn.GroupNorm):
                module.weight.normal_()  # type: ignore[union-attr, operator]
                module.bias.normal_()  # type: ignore[union-attr, operator]
    return frozen(networks)


def made_of(name: str) -> tuple[Any, Any, dict[str, Any]]:
    """A family that a member compresses, a teacher's spec, and what a smaller student changes of it."""
    if name in OF_STYLES:
        return styled.FAMILY, styled.LARGE, SLIM
    return TRANSLATOR, LARGE, REQUESTS.get(name, {"width": 2, "blocks": 2})


def any_teacher(name: str) -> Networks:
    """A teacher that a member compresses."""
    return frozen(styled.networks(styled.LARGE)) if name in OF_STYLES else teacher_of()


def any_student(name: str, teacher: Networks) -> Networks:
    """The smaller student."""
    family, large, changes = made_of(name)
    small = specs.shrink(large, changes)
    return members.load("compressions", name).make_student(family, teacher, large, small, **settings(name))


def images(networks: Networks) -> Tensor:
    """Images of a fixed batch."""
    if isinstance(networks["generator"], Generator):
        return styled.watch(networks)["image"].detach()
    batch = faces(0, 0, count=3)
    with torch.no_grad():
        return networks["generator"](batch["real"], batch["target"])


def size(networks: Networks) -> int:
    return sum(parameter.numel() for parameter in networks["generator"].parameters())


@compressions
def test_makes_networks_of_the_small_spec_and_leaves_the_teacher_alone(name: str) -> None:
    (family, large, changes), teacher = made_of(name), any_teacher(name)
    before = {player: deepcopy(network.state_dict()) for player, network in teacher.items()}
    student = any_student(name, teacher)
    wanted = family.build(specs.shrink(large, changes))
    assert student.keys() == wanted.keys()
    for player, network in student.items():
        shapes = {key: value.shape for key, value in network.state_dict().items()}
        assert shapes == {key: value.shape for key, value in wanted[player].state_dict().items()}
        assert all(torch.equal(value, before[player][key]) for key, value in teacher[player].state_dict().items())
        theirs = {p.data_ptr() for p in teacher[player].parameters()}
        assert not theirs & {p.data_ptr() for p in network.parameters()}
    assert size(student) < size(teacher) or not changes
    assert images(student).isfinite().all()


@compressions
def test_student_arrives_trainable_and_in_train_mode(name: str) -> None:
    student = any_student(name, any_teacher(name))
    for network in student.values():
        assert network.training
        assert all(parameter.requires_grad for parameter in network.parameters())


@compressions
def test_same_seed_makes_the_same_student(name: str) -> None:
    teacher = any_teacher(name)
    made = []
    for _ in range(2):
        torch.manual_seed(3)
        made.append(any_student(name, teacher))
    for first, second in zip(made[0].values(), made[1].values(), strict=True):
        assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


@compressions
def test_can_be_counted_without_weights(name: str) -> None:
    with torch.device("meta"):
        family, large, _ = made_of(name)
        student = any_student(name, family.build(large))
    assert all(parameter.is_meta for parameter in student["generator"].parameters())


@pytest.mark.parametrize("output", ["plain", "residual", "gated"])
@pytest.mark.parametrize("convolutions", ["standard", "separable"])
def test_pruning_nothing_changes_nothing(output: str, convolutions: str) -> None:
    spec = translator(output=output, convolutions=convolutions, blocks=3)
    teacher = teacher_of(spec)
    student = prune.make_student(TRANSLATOR, teacher, spec, spec)
    assert torch.equal(images(student), images(teacher))
    for player in teacher:
        pairs = zip(teacher[player].parameters(), student[player].parameters(), strict=True)
        assert all(torch.equal(theirs, mine) for theirs, mine in pairs)


@pytest.mark.parametrize("convolutions", ["standard", "separable"])
def test_pruning_silent_channels_changes_nothing(convolutions: str) -> None:
    """Half of each group of channels is silenced at random places: those must be the ones that go."""
    spec = translator(output="gated", convolutions=convolutions, blocks=2)
    teacher = teacher_of(spec)
    generator: Any = teacher["generator"]
    with torch.no_grad():
        generator.paint.weight[3:].normal_()
        for group in stargan.coupled_channels(generator):
            count = surgery.channels(group)
            silent = torch.randperm(count)[: count // 2]
            for _, norm in group.writers:
                norm.weight[silent] = norm.bias[silent] = 0  # type: ignore[index, operator]
    student = prune.make_student(TRANSLATOR, teacher, spec, specs.shrink(spec, {"width": 2}))
    torch.testing.assert_close(images(student), images(teacher), rtol=0, atol=1e-5)
    alive = prune.make_student(TRANSLATOR, teacher, spec, specs.shrink(spec, {"width": 1}))
    assert not torch.allclose(images(alive), images(teacher), atol=1e-2)


def test_pruning_chooses_the_residual_stream_jointly() -> None:
    """A channel that only one block writes strongly stays, in every block and around them."""
    spec = translator(blocks=2)
    teacher = teacher_of(spec)
    stream = stargan.coupled_channels(teacher["generator"])[2]  # type: ignore[arg-type]
    assert len(stream.writers) == 3
    assert len(stream.readers) == 3
    with torch.no_grad():
        for _, norm in stream.writers:
            norm.weight.fill_(0.1)  # type: ignore[operator]
        stream.writers[2][1].weight[[3, 7, 8, 12]] = 10.0  # type: ignore[index, operator]
    student: Any = prune.make_student(TRANSLATOR, teacher, spec, specs.shrink(spec, {"width": 1}))["generator"]
    theirs: Any = teacher["generator"]
    kept = [3, 7, 8, 12]
    assert torch.equal(student.down[7].weight, theirs.down[7].weight[kept])
    for mine, whole in zip(student.residual, theirs.residual, strict=True):
        assert torch.equal(mine.main[4].bias, whole.main[4].bias[kept])


def test_pruning_ranks_by_norm_scale_times_filter() -> None:
    teacher = teacher_of()
    first = stargan.coupled_channels(teacher["generator"])[0]  # type: ignore[arg-type]
    layer, norm = first.writers[0]
    scores = norm.weight.abs() * layer.weight.abs().sum(dim=(1, 2, 3))  # type: ignore[operator, union-attr]
    torch.testing.assert_close(surgery.importance(first), scores)
    assert surgery.strongest(first, 2).tolist() == sorted(scores.topk(2).indices.tolist())


def test_pruning_counts_the_filters_of_a_transposed_convolution_by_output() -> None:
    double = stargan.coupled_channels(teacher_of()["generator"])[-2]  # type: ignore[arg-type]
    layer, norm = double.writers[0]
    assert isinstance(layer, nn.ConvTranspose2d)
    scores = norm.weight.abs() * layer.weight.abs().sum(dim=(0, 2, 3))  # type: ignore[operator]
    torch.testing.assert_close(surgery.importance(double), scores)


@pytest.mark.parametrize(
    ("count", "total", "kept"),
    [(3, 6, [0, 2, 5]), (2, 6, [0, 5]), (6, 6, [0, 1, 2, 3, 4, 5]), (1, 6, [0]), (4, 9, [0, 3, 5, 8])],
)
def test_kept_blocks_are_spread_from_first_to_last(count: int, total: int, kept: list[int]) -> None:
    assert surgery.evenly_spaced(count, total) == kept


def test_pruning_keeps_whole_blocks_with_their_weights() -> None:
    teacher = teacher_of()
    student: Any = make("prune", teacher, blocks=2)["generator"]
    theirs: Any = teacher["generator"]
    for mine, whole in zip(student.residual, (theirs.residual[0], theirs.residual[3]), strict=True):
        pairs = zip(mine.parameters(), whole.parameters(), strict=True)
        assert all(torch.equal(cut, old) for cut, old in pairs)


@pytest.mark.parametrize("name", ["prune", "inherit"])
def test_discriminator_is_the_teachers_where_it_has_its_shape(name: str) -> None:
    teacher = teacher_of()
    same, smaller = make(name, teacher, blocks=2), make(name, teacher, blocks=2, critic_width=2)
    pairs = zip(teacher["discriminator"].parameters(), same["discriminator"].parameters(), strict=True)
    assert all(torch.equal(theirs, mine) for theirs, mine in pairs)
    assert next(smaller["discriminator"].parameters()).shape[0] == 2


@pytest.mark.parametrize("convolutions", ["standard", "separable"])
def test_inheriting_takes_all_but_the_blocks(convolutions: str) -> None:
    teacher = teacher_of()
    student: Any = make("inherit", teacher, blocks=2, convolutions=convolutions)["generator"]
    theirs: Any = teacher["generator"]
    for part in ("down", "up", "paint"):
        pairs = zip(getattr(student, part).parameters(), getattr(theirs, part).parameters(), strict=True)
        assert all(torch.equal(mine, old) for mine, old in pairs)
    for mine in student.residual:
        assert not any(torch.equal(next(mine.parameters()), next(old.parameters())) for old in theirs.residual)


@pytest.mark.parametrize("freeze", [False, True])
def test_frozen_ends_stay_still_through_training(freeze: bool) -> None:
    spec = translator(output="gated", blocks=3)
    teacher = teacher_of(spec)
    small = specs.shrink(spec, {"blocks": 1})
    student = inherit.make_student(TRANSLATOR, teacher, spec, small, freeze=freeze)
    before = deepcopy(student["generator"].state_dict())
    run = training.prepare(tiny.adversarial(student, teacher), SCHEDULE)
    for _ in training.steps(run, faces, SCHEDULE, CPU):
        for name, parameter in student["generator"].named_parameters():
            assert parameter.requires_grad == (not freeze or name.startswith("residual"))
    after = student["generator"].state_dict()
    moved = {name for name in after if not torch.equal(after[name], before[name])}
    assert moved == {name for name in after if not freeze or name.startswith("residual")}


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("none", {"width": 2}, "keeps the teacher as it is"),
        (
            "prune",
            {"convolutions": "separable"},
            "convolutions is standard in the teacher and separable in the student",
        ),
        ("prune", {"output": "gated"}, "output is plain in the teacher and gated in the student"),
        ("prune", {"width": 5}, "width 5 is larger than 4"),
        ("prune", {"blocks": 5}, "blocks 5 is larger than 4"),
        ("prune", {"critic_width": 8}, "critic_width 8 is larger than 4"),
        ("inherit", {"width": 2}, "width is 4 in the teacher and 2 in the student"),
        ("inherit", {"output": "residual"}, "output is plain in the teacher and residual in the student"),
        ("inherit", {"blocks": 5}, "blocks 5 is larger than 4"),
    ],
)
def test_pairs_that_make_no_sense_are_refused_with_a_reason(name: str, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        make(name, teacher_of(), **changes)


@pytest.mark.parametrize("name", ["prune", "inherit"])
def test_a_family_that_does_not_say_where_it_is_cut_is_refused(name: str) -> None:
    uncut: Any = SimpleNamespace(__name__="stages.families.uncut", build=stargan.build)
    with pytest.raises(Unsupported, match=r"stages\.families\.uncut offers no repeated_blocks"):
        members.load("compressions", name).make_student(uncut, teacher_of(), LARGE, LARGE, **settings(name))
