"""What every member of families, distillations, compressions and paces offers, as stages/learning/contracts.py says."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from stages.learning import pacing, problems, roles, students, training
from stages.learning.contracts import (
    AGAIN,
    ROLES,
    Compression,
    Distillation,
    Family,
    Moment,
    Networks,
    Pace,
    Role,
    Tap,
)
from stages.learning.teaching import Teaching
from stages.settings import members, params, specs, sweeps
from stages.settings.rows import Params, VariantRow
from tests import tiny
from tests.tiny import CPU, frozen

ROOT = Path(__file__).resolve().parents[1]
DEFAULT, SMALLEST = "params.yaml", "scales/smoke.yaml"
SCALES = (DEFAULT, SMALLEST, "scales/paper.yaml")
AXES = {"families": Family, "distillations": Distillation, "compressions": Compression, "paces": Pace}
MEMBERS = [(axis, name) for axis in AXES for name in members.names(axis)]
families = pytest.mark.parametrize("name", members.names("families"))
scales = pytest.mark.parametrize("scale", SCALES)


@cache
def settings_of(scale: str) -> Params:
    """The rows of a params file, less those whose widths are known once a search has run."""
    return params.read(ROOT / scale).model_copy(update={"chosen": {}})


def family_of(name: str) -> Family:
    """A family by its name."""
    return cast(Family, members.load("families", name))


def parameters(function: Any, kind: Any) -> list[str]:  # noqa: ANN401 - any function
    """Names of a function's parameters of a kind, less `self`."""
    found = inspect.signature(function).parameters.values()
    return [each.name for each in found if each.kind is kind and each.name != "self"]


def offered(axis: str, name: str) -> Iterator[tuple[str, Any, Any]]:
    """Each function of a member's Protocol: its name, as the Protocol has it, and the member's own."""
    member = members.load(axis, name)
    for wanted, function in vars(AXES[axis]).items():
        # A pace with feedback offers a module in place of a weight.
        replaced = axis == "paces" and wanted == "weight" and member.FEEDBACK
        if inspect.isfunction(function) and not wanted.startswith("_") and not replaced:
            yield wanted, function, getattr(member, wanted)


@pytest.mark.parametrize(("axis", "name"), MEMBERS)
def test_a_member_offers_every_name_of_its_protocol(axis: str, name: str) -> None:
    member = members.load(axis, name)
    missing = [wanted for wanted in AXES[axis].__annotations__ if not hasattr(member, wanted)]
    assert not missing
    assert list(offered(axis, name)) or member.FEEDBACK
    for wanted, _, mine in offered(axis, name):
        assert callable(mine), wanted
    assert member.__doc__


@pytest.mark.parametrize(("axis", "name"), MEMBERS)
def test_a_members_functions_have_the_parameters_of_their_protocol(axis: str, name: str) -> None:
    positional, variable = inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.VAR_KEYWORD
    for wanted, theirs, mine in offered(axis, name):
        assert parameters(mine, positional) == parameters(theirs, positional), wanted
        own = parameters(mine, inspect.Parameter.KEYWORD_ONLY)
        assert not own or parameters(theirs, variable), f"{wanted} has settings of its own: {own}"
        assert not parameters(mine, variable), f"{wanted} must name its settings, so that they can be checked"
        assert all(each.annotation is not each.empty for each in inspect.signature(mine).parameters.values()), wanted


@pytest.mark.parametrize("name", members.names("paces"))
def test_a_pace_says_whether_it_follows_what_is_felt(name: str) -> None:
    member = members.load("paces", name)
    assert isinstance(member.FEEDBACK, bool)
    if member.FEEDBACK:
        assert isinstance(member.module(), pacing.Following)
    else:
        assert "step" in inspect.signature(member.weight).parameters


@pytest.mark.parametrize("name", members.names("compressions"))
def test_a_compression_says_whether_it_starts_from_chance(name: str) -> None:
    assert isinstance(members.load("compressions", name).FRESH, bool)


# Families.


def rows_of(name: str, scale: str = DEFAULT) -> dict[str, VariantRow]:
    """The rows of a family."""
    return {row: each for row, each in sweeps.rows(settings_of(scale)).items() if each.family == name}


def all_specs(name: str) -> list[specs.Spec]:
    """Every spec that rows of the default scale have."""
    pairs = [specs.of(row, settings_of(DEFAULT)) for row in rows_of(name).values()]
    return list(dict.fromkeys(spec for pair in pairs for spec in pair))


@families
def test_every_family_has_rows_to_test_it_with(name: str) -> None:
    assert len(all_specs(name)) > 1


@families
def test_specs_are_frozen_and_closed_and_know_their_resolution(name: str) -> None:
    made: Any = family_of(name).Spec
    for spec in all_specs(name):
        assert isinstance(spec, made)
        assert "resolution" in {field.name for field in fields(spec)}
        assert made(**asdict(spec)) == spec
        assert hash(spec) == hash(made(**asdict(spec)))
        with pytest.raises(ValidationError):
            made(**{**asdict(spec), "unheard_of": 1})
        with pytest.raises(AttributeError):
            spec.resolution = 8


@families
def test_losses_and_play_are_closed(name: str) -> None:
    family = family_of(name)
    play = next(iter(rows_of(name).values())).play
    for settings, given in ((family.Losses, {}), (family.Play, play)):
        settings(**given)
        with pytest.raises(ValidationError):
            settings(**given, unheard_of=1)


@families
def test_roles_are_the_networks_that_are_built_each_once(name: str) -> None:
    family = family_of(name)
    assert set(family.ROLES) <= set(ROLES)
    assert family.ROLES["generator"]
    named = [network for networks in family.ROLES.values() for network in networks]
    for spec in all_specs(name):
        with torch.device("meta"):
            assert sorted(family.build(spec)) == sorted(named)


def fits(tap: Tap, value: Tensor, count: int, resolution: int, bounded: bool) -> bool:
    """Whether what left a network is of a tap's kind, with its channels; only some networks bound their images."""
    if value.shape[:2] != (count, tap.channels) or not value.is_floating_point():
        return False
    if tap.kind in ("vector", "logits"):
        return value.ndim == 2 and not tap.side
    if tap.kind != "map" and (tap.side != resolution or (bounded and value.detach().abs().max().item() > 1)):
        return False
    return value.shape[2:] == (tap.side, tap.side)


@families
def test_taps_leave_the_networks_with_their_kind_and_channels(name: str) -> None:
    family = family_of(name)
    for spec in all_specs(name):
        networks, inputs = family.example(asdict(spec))
        assert networks.keys() == inputs.keys()
        for network, module in networks.items():
            assert all(len(given) == 1 for given in inputs[network])
            watched: Any = module
            batch = [torch.rand(2, *given.shape[1:]) * 2 - 1 for given in inputs[network]]
            seen, taps = watched.watch(*batch), family.taps(spec, network)
            assert taps
            assert set(taps) <= set(seen)
            # What is made of latents is clipped where it becomes bytes.
            bounded, side = not hasattr(family, "sample"), spec.resolution
            wrong = {n: seen[n].shape for n, tap in taps.items() if not fits(tap, seen[n], 2, side, bounded)}
            assert not wrong, f"{network} of {spec}"


@families
def test_a_tap_means_one_network_and_the_second_pass_has_a_name_of_its_own(name: str) -> None:
    family = family_of(name)
    for spec in all_specs(name):
        for role in family.ROLES:
            taps = roles.taps(family, spec, role)
            assert not any(tap.startswith((AGAIN, "own.")) for tap in taps)
            assert not any("." in tap for network in family.ROLES[role] for tap in family.taps(spec, network))
            assert len(taps) == sum(len(family.taps(spec, network)) for network in roles.names(family, role))


@families
def test_the_output_is_an_image_or_logits_and_leaves_the_kept_networks(name: str) -> None:
    family = family_of(name)
    assert family.OUTPUT
    for spec in all_specs(name):
        taps = roles.taps(family, spec, "generator")
        assert all(taps[output].kind in ("image", "logits") for output in family.OUTPUT)


@families
def test_published_sizes_can_be_counted(name: str) -> None:
    family = family_of(name)
    with torch.device("meta"):
        networks, inputs = family.example(family.PAPER)
    assert networks.keys() == inputs.keys()
    assert set(networks) == {network for of in family.ROLES.values() for network in of}


@families
def test_a_network_that_may_begin_with_published_weights_names_them(name: str) -> None:
    family: Any = family_of(name)
    assert hasattr(family, "begin") == hasattr(family, "published_weights")
    for spec in all_specs(name) if hasattr(family, "begin") else []:
        assert all(isinstance(each, str) for each in family.published_weights(spec))


# A family's game, in a row that is taught.


def taught_rows(name: str) -> list[VariantRow]:
    """One row of a family for each lesson that its rows are taught."""
    found: dict[str, VariantRow] = {}
    for row in rows_of(name, SMALLEST).values():
        found.setdefault(f"{row.distill} {row.compression}", row)
    return [row for row in found.values() if settings_of(SMALLEST).schedules[row.schedule].steps]


TAUGHT = [(name, index) for name in members.names("families") for index in range(len(taught_rows(name)))]
taught = pytest.mark.parametrize(("name", "index"), TAUGHT)


class Begun:
    """A row's training on images without anything on them, before its first step."""

    def __init__(self, name: str, index: int, seed: int = 0) -> None:
        row, settings = taught_rows(name)[index], settings_of(SMALLEST)
        teacher_row, both = settings.teachers[row.teacher], specs.of(row, settings)
        self.schedule = settings.schedules[row.schedule].model_copy(update={"steps": 3, "batch": 4, "average": 0.9})
        problem = problems.imagined(teacher_row, both[1].resolution)
        torch.manual_seed(100)
        self.family, self.teacher = family_of(name), frozen(family_of(name).build(both[0]))
        torch.manual_seed(seed)
        self.networks = students.make(row, self.teacher, both, begin=False)
        self.student = students.prepare(row, teacher_row, self.networks, self.teacher, both, problem)
        self.run = training.prepare(self.student.game, self.schedule)
        feed = students.feed(row, problem, self.schedule, 0)

        def draw(step: int, turn: int) -> Moment:
            """The row's moment with noise for its black images, and labels that are given."""
            noise = torch.Generator().manual_seed(100 * step + turn)
            moment = feed(step, turn)
            noisy = {
                name: torch.rand(tensor.shape, generator=noise) * 2 - 1
                for name, tensor in moment.tensors.items()
                if tensor.ndim == 4 and tensor.shape[1] == 3
            }
            return Moment({**moment.tensors, **noisy}, moment.seed, step, moment.steps)

        self.draw = draw

    def train(self, until: int) -> list[dict[str, float]]:
        """The losses of each step up to one."""
        found = []
        for step, losses in training.steps(self.run, self.draw, self.schedule, CPU):
            found.append(losses)
            if step == until:
                break
        return found


@families
def test_lessons_of_every_kind_of_row_are_tried(name: str) -> None:
    assert taught_rows(name)
    assert {"none"} < {row.distill.generator for row in taught_rows(name)}


@taught
def test_a_game_names_its_networks_and_moves_each_of_them(name: str, index: int) -> None:
    begun = Begun(name, index)
    game, family = begun.student.game, begun.family
    assert game.keeps == roles.names(family, "generator")
    assert set(begun.networks) <= set(game.networks)
    assert {network for player in game.players for network in player.networks} == set(game.networks)
    assert {player.role for player in game.players} == set(family.ROLES)
    for player in game.players:
        assert player.moves >= 1
        assert player.every >= 1
    for lesson in begun.student.lessons.values():
        assert any(module is lesson for module in game.networks.values()), "adapters must be trained and saved"


@taught
def test_rivals_are_parts_of_the_kept_networks_own_losses(name: str, index: int) -> None:
    begun = Begun(name, index)
    found: set[str] = set()
    for player in begun.student.game.players:
        if player.role == "generator":
            found |= set(player.losses(begun.draw(0, 0)))
    assert begun.family.RIVALS
    assert set(begun.family.RIVALS) <= found


@taught
def test_a_step_moves_the_student_and_leaves_the_teacher_bit_identical(name: str, index: int) -> None:
    begun = Begun(name, index)
    before = {network: deepcopy(module.state_dict()) for network, module in begun.teacher.items()}
    start = {network: deepcopy(module.state_dict()) for network, module in begun.networks.items()}
    begun.train(1)
    for network, module in begun.teacher.items():
        assert all(torch.equal(value, before[network][key]) for key, value in module.state_dict().items())
        assert not module.training
        assert all(p.grad is None and not p.requires_grad for p in module.parameters())
    for network, module in begun.networks.items():
        assert any(not torch.equal(value, start[network][key]) for key, value in module.state_dict().items())
        assert module.training


def flat(state: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A state by full names."""
    found: dict[str, Any] = {}
    for key, value in state.items():
        found |= flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return found


@taught
def test_a_game_resumes_bit_for_bit(name: str, index: int) -> None:
    whole, stopped, resumed = Begun(name, index), Begun(name, index), Begun(name, index, seed=9)
    expected = whole.train(3)
    first = stopped.train(2)
    resumed.run.restore(deepcopy(stopped.run.state()))
    assert first + resumed.train(3) == expected
    ends = [flat(begun.run.state()) for begun in (whole, resumed)]
    assert ends[0].keys() == ends[1].keys()
    for key, value in ends[0].items():
        assert torch.equal(value, ends[1][key]) if isinstance(value, Tensor) else value == ends[1][key], key


@families
def test_a_teachers_game_is_its_students_without_anybody_to_watch(name: str) -> None:
    family, settings = family_of(name), settings_of(SMALLEST)
    row = taught_rows(name)[0]
    teacher_row, (large, _) = settings.teachers[row.teacher], specs.of(row, settings)
    networks = family.build(large)
    lessons: dict[Role, Teaching] = {role: tiny.teaching() for role in family.ROLES}
    problem, play = problems.imagined(teacher_row, large.resolution), family.Play(**teacher_row.play)
    schedule = settings.schedules[teacher_row.schedule].model_copy(update={"steps": 1, "batch": 4})
    game = family.game(networks, None, lessons, family.Losses(**teacher_row.losses), play, problem)
    (losses,) = tiny.trained(game, family.feed(problem, schedule, play, 0), schedule)
    assert all(any(name.endswith(f"/{rival}") for name in losses) for rival in family.RIVALS)


# What the rows of all scales ask for.


@scales
def test_every_row_plays_and_weighs_as_its_family_understands(scale: str) -> None:
    settings = settings_of(scale)
    for row in settings.teachers.values():
        family_of(row.family).Losses(**row.losses)
        family_of(row.family).Play(**row.play)
    for row_ in sweeps.rows(settings).values():
        family_of(row_.family).Play(**row_.play)


@scales
def test_settings_of_lessons_paces_and_compressions_fit_their_signatures(scale: str) -> None:
    for name, row in sweeps.rows(settings_of(scale)).items():
        compression = members.load("compressions", row.compression)
        members.options(compression.make_student, row.compression_settings)
        for role in ROLES:
            lesson = members.load("distillations", getattr(row.distill, role))
            assert members.options(lesson.objective, getattr(row, f"{role}_lesson")) is not None, name
            pace = members.load("paces", getattr(row.pace, role))
            members.options(pace.module if pace.FEEDBACK else pace.weight, getattr(row, f"{role}_pace"))


@scales
def test_the_taps_that_lessons_need_exist(scale: str) -> None:
    asked = 0
    for name, row in sweeps.rows(settings_of(scale)).items():
        family, (large, small) = family_of(row.family), specs.of(row, settings_of(scale))
        for role in (role for role in ROLES if role in family.ROLES):
            lesson = members.load("distillations", getattr(row.distill, role))
            there = {
                "teacher": roles.taps(family, large, role),
                "student": roles.taps(family, small, role),
                "critic": roles.layers(family, large),
            }
            for need in lesson.needs(getattr(row, f"{role}_lesson")):
                asked += 1
                assert need.tap in there[need.whose], f"{name}: {role}_lesson.{need.where}"
    assert asked


@scales
def test_the_lessons_of_every_row_keep_their_contract(scale: str) -> None:
    settings, tried = settings_of(scale), set()
    for row in sweeps.rows(settings).values():
        both = specs.of(row, settings)
        alike = repr((both, row.distill, row.generator_lesson, row.discriminator_lesson, row.pace))
        if alike in tried:
            continue
        tried.add(alike)
        with torch.device("meta"):
            teacher, student = (family_of(row.family).build(spec) for spec in both)
            lessons = students.teach(row, teacher, student, both)
        assert set(lessons) == set(family_of(row.family).ROLES)
        for teaching in lessons.values():
            assert isinstance(teaching.contract.watches, tuple)
            assert isinstance(teaching.contract.compares_output, bool)
            forward = teaching.lesson.forward
            assert parameters(forward, inspect.Parameter.POSITIONAL_OR_KEYWORD) == ["student", "teacher"]
        theirs = {id(p) for network in (*teacher.values(), *student.values()) for p in network.parameters()}
        assert not theirs & {id(p) for teaching in lessons.values() for p in teaching.parameters()}


@scales
def test_every_compression_makes_networks_of_the_small_spec(scale: str) -> None:
    settings = settings_of(scale)
    made: dict[str, Networks] = {}
    for row in sweeps.rows(settings).values():
        family, both = family_of(row.family), specs.of(row, settings)
        alike = repr((both, row.compression, row.compression_settings))
        if alike in made:
            continue
        with torch.device("meta"):
            made[alike] = students.make(row, family.build(both[0]), both, begin=False)
            wanted = family.build(both[1])
        found = {name: {k: v.shape for k, v in each.state_dict().items()} for name, each in made[alike].items()}
        assert found == {name: {k: v.shape for k, v in each.state_dict().items()} for name, each in wanted.items()}
