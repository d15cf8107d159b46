"""Students of StyleGAN2 with fewer channels: what they inherit, which channels stay, and what is refused."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from stages.blocks import surgery
from stages.compressions import narrow, prune_diversity, prune_styles
from stages.families import stylegan2
from stages.learning.contracts import Networks, Unsupported
from stages.settings import members, specs
from tests import styled
from tests.styled import FAMILY, LARGE, SPEC
from tests.tiny import frozen, translator, translators

SMALL = replace(LARGE, widths=(4, 3, 2))
PRUNINGS = {"prune_diversity": {"latents": 8, "directions": 3}, "prune_styles": {"latents": 32}}
prunings = pytest.mark.parametrize("name", PRUNINGS)


def teacher_of(spec: stylegan2.Spec = LARGE) -> Networks:
    """A teacher whose weights differ from where they began."""
    networks = styled.networks(spec)
    with torch.no_grad():
        for parameter in networks["generator"].parameters():
            parameter.add_(torch.randn_like(parameter) / 4)
    return frozen(networks)


def pruned(name: str, teacher: Networks, small: stylegan2.Spec, large: stylegan2.Spec = LARGE) -> Networks:
    """The student of a pruning."""
    made: Networks = members.load("compressions", name).make_student(FAMILY, teacher, large, small, **PRUNINGS[name])
    return made


def images(networks: Networks) -> Tensor:
    """Images of fixed latents."""
    return styled.watch(networks)["image"].detach()


def widths(networks: Networks) -> list[int]:
    """The channels of each map."""
    return [surgery.channels(group) for group in stylegan2.coupled_channels(networks["generator"])]  # type: ignore[arg-type]


@prunings
def test_pruning_nothing_changes_nothing(name: str) -> None:
    teacher = teacher_of()
    student = pruned(name, teacher, LARGE)
    assert torch.equal(images(student), images(teacher))
    for player, network in teacher.items():
        mine = student[player].state_dict()
        assert all(torch.equal(value, mine[key]) for key, value in network.state_dict().items())


@prunings
@pytest.mark.parametrize("noise", [False, True])
def test_what_a_pruned_network_makes_is_what_its_teacher_makes_without_the_other_styles(name: str, noise: bool) -> None:
    large = replace(LARGE, noise=noise)
    teacher = teacher_of(large)
    student = pruned(name, teacher, replace(SMALL, noise=noise), large)
    masked: Any = deepcopy(teacher["generator"])
    member = members.load("compressions", name)
    latent = stylegan2.latents(teacher, 4096, 0)
    scores = {
        "prune_styles": partial(prune_styles.importance, FAMILY, latent[:32]),
        "prune_diversity": partial(prune_diversity.diversity, FAMILY, latent, 8, 3, 5.0),
    }[name](deepcopy(teacher["generator"]))
    assert member.FRESH is False
    with torch.no_grad():
        for group, score, count in zip(stylegan2.coupled_channels(masked), scores, widths(student), strict=True):
            gone = torch.ones(len(score), dtype=torch.bool)
            gone[surgery.largest(score, count)] = False
            assert gone.sum() == len(score) - count
            for affine, _ in group.writers[1:]:
                affine.weight[gone] = affine.bias[gone] = 0  # type: ignore[index, operator]
    for network in (masked, *student.values()):
        network.eval()
    torch.testing.assert_close(images(student), images({"generator": masked}), rtol=1e-5, atol=1e-5)
    assert (images(student) - images(teacher)).abs().max() > 1e-2


@prunings
def test_channels_without_a_style_go_first(name: str) -> None:
    teacher = teacher_of()
    generator: Any = teacher["generator"]
    with torch.no_grad():
        for group, count in zip(stylegan2.coupled_channels(generator), (4, 4, 3, 3, 2, 2), strict=True):
            silent = torch.randperm(surgery.channels(group))[count:]
            for affine, _ in group.writers[1:]:
                affine.weight[silent] = affine.bias[silent] = 0  # type: ignore[index, operator]
    # What is painted is divided by the root of fewer inputs, and made up for it.
    torch.testing.assert_close(images(pruned(name, teacher, SMALL)), images(teacher), rtol=1e-4, atol=1e-5)


def test_importance_is_weights_times_styles() -> None:
    teacher = teacher_of()
    generator: Any = teacher["generator"]
    latent = stylegan2.latents(teacher, 16, 3)
    w = generator.mapping(latent)
    paint, up = generator.blocks[0].paint, generator.blocks[1].up
    scores = prune_styles.importance(FAMILY, latent, generator)
    for channel in range(8):
        by_hand = (
            paint.convolution.weight[:, channel].abs().sum() / 8**0.5 * paint.affine(w)[:, channel].abs().mean()
            + up.convolution.weight[channel].abs().sum() / (8 * 9) ** 0.5 * up.affine(w)[:, channel].abs().mean()
        )
        assert scores[1][channel].item() == pytest.approx(by_hand.item(), rel=1e-5)
    assert [len(score) for score in scores] == widths(teacher) == [8, 8, 6, 6, 5, 5]


def test_diversity_is_the_variance_over_directions_of_what_weights_would_change() -> None:
    teacher = teacher_of()
    generator: Any = deepcopy(teacher["generator"])
    latent = stylegan2.latents(teacher, 40, 1)
    scores = prune_diversity.diversity(FAMILY, latent, 8, 3, 5.0, generator)
    w = generator.mapping(latent).detach()
    centred = w - w.mean(dim=0)
    values, vectors = torch.linalg.eigh(centred.double().T @ centred.double())
    assert values.tolist() == sorted(values.tolist())
    weight, found = generator.blocks[2].keep.convolution.weight, []
    for place in (-1, -2, -3):
        # The sign of a direction is not determined; the decomposition's own is taken.
        direction = vectors[:, place].float()
        along = prune_diversity.principal(w, 3)[-place - 1]
        assert abs(float(direction @ along)) == pytest.approx(1, abs=1e-3)
        with torch.no_grad():
            target = generator.paint(generator.spread(w[:8] + 5 * along))["image"]
        apart = (generator.paint(generator.spread(w[:8]))["image"] - target).abs().sum()
        found.append(torch.autograd.grad(apart, weight)[0].abs().sum(dim=(0, 2, 3)))
    expected = torch.stack(found).double().var(dim=0, unbiased=False).float()
    torch.testing.assert_close(scores[4], expected, rtol=1e-3, atol=1e-6)


@prunings
def test_what_is_pruned_follows_the_seed_and_no_other_chance(name: str) -> None:
    teacher = teacher_of()
    made = []
    for chance in (0, 1):
        torch.manual_seed(chance)
        made.append(pruned(name, teacher, SMALL)["generator"].state_dict())
    assert all(torch.equal(value, made[1][key]) for key, value in made[0].items())


@prunings
def test_the_critic_is_the_teachers_where_it_has_its_shape(name: str) -> None:
    teacher = teacher_of()
    same = pruned(name, teacher, SMALL)["discriminator"].state_dict()
    assert all(torch.equal(value, same[key]) for key, value in teacher["discriminator"].state_dict().items())
    other: Any = pruned(name, teacher, replace(SMALL, critic_widths=(2, 2, 2)))["discriminator"]
    assert other.spec.critic_widths == (2, 2, 2)


def same_tensors(first: torch.nn.Module, second: torch.nn.Module) -> bool:
    """Whether two modules hold the same numbers."""
    theirs = second.state_dict()
    return all(torch.equal(value, theirs[key]) for key, value in first.state_dict().items())


@pytest.mark.parametrize("mapping", ["inherited", "fresh"])
@pytest.mark.parametrize("critic", ["inherited", "fresh"])
def test_narrow_takes_over_what_it_is_asked_to(mapping: Any, critic: Any) -> None:  # noqa: ANN401 - literals
    teacher = teacher_of()
    torch.manual_seed(5)
    student: Any = narrow.make_student(FAMILY, teacher, LARGE, SMALL, mapping=mapping, critic=critic)
    torch.manual_seed(5)
    fresh: Any = stylegan2.build(SMALL)
    theirs: Any = teacher
    source = theirs if mapping == "inherited" else fresh
    assert same_tensors(student["generator"].mapping, source["generator"].mapping)
    assert same_tensors(student["generator"].blocks, fresh["generator"].blocks)
    assert same_tensors(student["discriminator"], (theirs if critic == "inherited" else fresh)["discriminator"])
    latent = stylegan2.latents(teacher, 3, 0)
    alike = torch.equal(student["generator"].mapping(latent), theirs["generator"].mapping(latent))
    assert alike == (mapping == "inherited")
    assert all(parameter.requires_grad for parameter in student["generator"].parameters())


@pytest.mark.parametrize("name", ["narrow", *PRUNINGS])
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"widths": (8, 7, 5)}, r"cannot add to the teacher: its student has \[8, 8, 7, 7, 5, 5\] channels"),
        ({"latent": 5}, "latent is 12 in the teacher and 5 in the student: leave latent out of `student`"),
        ({"mapping_layers": 1}, "mapping_layers is 2 in the teacher and 1 in the student"),
        ({"noise": True}, "noise is False in the teacher and True in the student"),
        (
            {"resolution": 8, "widths": (4, 3), "critic_widths": (3, 3)},
            "resolution is 16 in the teacher and 8 in the student",
        ),
    ],
)
def test_what_cannot_be_made_is_refused_before_weights_are_looked_at(
    name: str, changes: dict[str, Any], reason: str
) -> None:
    small, make = specs.shrink(LARGE, changes), members.load("compressions", name).make_student
    with torch.device("meta"):
        teacher = stylegan2.build(LARGE)
        with pytest.raises(Unsupported, match=rf"compression {name} .*{reason}"):
            make(FAMILY, teacher, LARGE, small)


def test_a_fresh_mapping_may_be_another() -> None:
    small = replace(SMALL, latent=5, mapping_layers=1)
    student: Any = narrow.make_student(FAMILY, teacher_of(), LARGE, small, mapping="fresh")
    assert student["generator"].spec == small


def test_a_critic_of_other_widths_is_not_inherited() -> None:
    small = replace(SMALL, critic_widths=(2, 2, 2))
    with pytest.raises(Unsupported, match="leave critic_widths out of `student`, or write `critic: fresh`"):
        narrow.make_student(FAMILY, teacher_of(), LARGE, small, critic="inherited")


def test_more_directions_than_w_has_numbers_are_refused() -> None:
    with pytest.raises(Unsupported, match="along 13 directions, and w has 12 numbers: ask for fewer `directions`"):
        prune_diversity.make_student(FAMILY, teacher_of(), LARGE, SPEC, directions=13)


@pytest.mark.parametrize("name", ["narrow", *PRUNINGS])
def test_a_family_that_does_not_say_what_can_be_inherited_is_refused(name: str) -> None:
    family: Any = SimpleNamespace(__name__="stages.families.whole", build=stylegan2.build)
    with pytest.raises(Unsupported, match=r"stages\.families\.whole offers no "):
        members.load("compressions", name).make_student(family, translators(), translator(), translator())
