"""What a training costs, against closed forms: passes forth and back, the teacher's, and what is held still."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import nn

from stages.compressions import inherit
from stages.distillations import critic, soft_labels
from stages.families import backbone, stargan
from stages.learning import expense
from stages.learning.contracts import Game, Moment, Networks, Parts, Player, Role
from stages.learning.expense import Expense
from tests import tiny
from tests.tiny import LABELS, PIXELS, SCHEDULE, TRANSLATOR, faces, frozen, side, translator, translators

STEPS, BATCH, CRITIC_STEPS = SCHEDULE.steps, SCHEDULE.batch, tiny.PLAY.critic_steps


@dataclass(frozen=True)
class Macs:
    """Multiply-accumulates of one image through a StarGAN, by layer, written down from its spec."""

    spec: stargan.Spec

    @property
    def entry(self) -> int:
        """The generator's first layer, of which the input needs no gradient where it is an image of the data."""
        return PIXELS**2 * self.spec.width * (3 + self.spec.labels) * 49

    @property
    def ends(self) -> int:
        """The generator's other layers but the blocks: two strided, two transposed by their input, the last."""
        d, side = self.spec.width, PIXELS
        down = (side // 2) ** 2 * d * 2 * d * 16 + (side // 4) ** 2 * 2 * d * 4 * d * 16
        up = (side // 4) ** 2 * 4 * d * 2 * d * 16 + (side // 2) ** 2 * 2 * d * d * 16
        return down + up + side**2 * d * 3 * 49

    @property
    def blocks(self) -> int:
        """The generator's residual blocks."""
        return self.spec.blocks * 2 * (PIXELS // 4) ** 2 * (4 * self.spec.width) ** 2 * 9

    @property
    def generator(self) -> int:
        """The whole generator."""
        return self.entry + self.ends + self.blocks

    @property
    def trunk(self) -> list[int]:
        """The critic's layers: 16 pixels are halved three times."""
        c = self.spec.critic_width
        return [8**2 * 3 * c * 16, 4**2 * c * 2 * c * 16, 2**2 * 2 * c * 4 * c * 16]

    @property
    def patch(self) -> int:
        """The critic's score of 2 x 2 patches."""
        return 2**2 * 4 * self.spec.critic_width * 9

    @property
    def critic(self) -> int:
        """The whole critic, with its classifier of the whole map."""
        return sum(self.trunk) + self.patch + 4 * self.spec.critic_width * 4 * LABELS

    def of_generating(self, passes: int = 1) -> dict[str, int]:
        """The generator's move: there and back through itself, and once through the critic."""
        forward = 2 * self.generator + self.critic
        # The input of the way back is an image of its own; the critic stands still and passes gradients on.
        backward = 4 * self.generator - self.entry + self.critic
        return {"forward": passes * forward, "backward": passes * backward}

    def of_criticising(self, passes: int = 1) -> dict[str, int]:
        """The critic's move: an image made, two judged, and a mixed one whose slope is a second pass."""
        slope = sum(self.trunk) + self.patch
        forward = self.generator + 2 * self.critic + self.critic + slope
        # Images need no gradient, and the mixed pass only decides which side of each kink counts.
        backward = 2 * (2 * self.critic - self.trunk[0]) + 2 * sum(self.trunk) + self.patch
        return {"forward": passes * forward, "backward": passes * backward}

    def of_training(self) -> dict[str, int]:
        """Every move of a training without a lesson."""
        moves = self.of_criticising(STEPS * CRITIC_STEPS * BATCH), self.of_generating(STEPS * BATCH)
        return {phase: sum(move[phase] for move in moves) for phase in moves[0]}


def spent(game: Game, teacher: Networks | None = None) -> Expense:
    """The expense of a training on noise."""
    return expense.of_training(game, faces, SCHEDULE, (teacher or {}).values())


def taught(teacher: Networks, student: Networks, **lessons: nn.Module) -> Expense:
    """The expense of a training with lessons."""
    given: Mapping[Role, Any] = {role: tiny.teaching(lesson) for role, lesson in lessons.items()}  # type: ignore[misc]
    return spent(tiny.adversarial(student, teacher, given), teacher)


def test_a_training_costs_its_closed_form() -> None:
    spec = translator()
    found = spent(tiny.adversarial(translators(spec)))
    assert found == Expense(**Macs(spec).of_training(), teacher=0)
    assert found.described() == {
        "macs": found.forward + found.backward, "forward": found.forward, "backward": found.backward, "teacher": 0
    }  # fmt: skip


def test_a_lesson_that_does_not_watch_the_teacher_costs_no_teacher_passes() -> None:
    spec = translator()
    assert taught(translators(translator(width=8)), translators(spec)) == Expense(**Macs(spec).of_training(), teacher=0)


def test_a_lesson_costs_the_teachers_pass_and_its_adapter_there_and_back() -> None:
    large, small = translator(width=8), translator()
    teacher, student = frozen(translators(large)), translators(small)
    lesson = tiny.euclidean_lesson(teacher, student, {"res1": "res1", "image": "image"})
    found, alone = taught(teacher, student, generator=lesson), Macs(small).of_training()
    adapter = STEPS * BATCH * (PIXELS // 4) ** 2 * 16 * 32
    assert found == Expense(
        forward=alone["forward"] + adapter,
        backward=alone["backward"] + 2 * adapter,
        teacher=STEPS * BATCH * Macs(large).generator,
    )


def test_a_taught_critic_costs_the_teachers_critic_at_each_of_its_moves() -> None:
    large, small = translator(critic_width=8), translator()
    teacher, student = frozen(translators(large)), translators(small)
    lesson = tiny.euclidean_lesson(teacher, student, {"trunk": "trunk"}, "discriminator")
    found, alone = taught(teacher, student, discriminator=lesson), Macs(small).of_training()
    adapter = STEPS * CRITIC_STEPS * BATCH * 2**2 * 16 * 32
    assert found == Expense(
        forward=alone["forward"] + adapter,
        backward=alone["backward"] + 2 * adapter,
        teacher=STEPS * CRITIC_STEPS * BATCH * Macs(large).critic,
    )


def test_the_teachers_critic_as_a_ruler_is_the_teachers_expense_and_passes_gradients_back() -> None:
    large, small = translator(width=8), translator()
    teacher, student = frozen(translators(large)), translators(small)
    lesson = critic.objective(side(teacher), side(student), layers=["trunk0", "trunk2"], weight=1.0)
    found, alone = taught(teacher, student, generator=lesson), Macs(small).of_training()
    ruler = STEPS * BATCH * Macs(large).critic
    assert found.forward == alone["forward"]
    assert found.teacher == STEPS * BATCH * Macs(large).generator + 2 * ruler
    assert found.backward == alone["backward"] + STEPS * BATCH * sum(Macs(large).trunk)


@pytest.mark.parametrize("freeze", [False, True])
def test_what_is_held_still_costs_less_on_the_way_back(freeze: bool) -> None:
    large, small = translator(blocks=3), translator(blocks=1)
    teacher = frozen(translators(large))
    student = inherit.make_student(TRANSLATOR, teacher, large, small, freeze=freeze)
    found, macs = spent(tiny.adversarial(student, teacher), teacher), Macs(small)
    whole = macs.of_training()
    assert found.forward == whole["forward"]
    # Twice the ends' own gradients; and on the way there nothing is passed on from the first layer of the only block.
    half = (PIXELS // 2) ** 2 * small.width * 2 * small.width * 16
    quarter = (PIXELS // 4) ** 2 * 2 * small.width * 4 * small.width * 16
    saved = 2 * (macs.ends + macs.entry) + half + quarter + macs.blocks // 2
    assert found.backward == whole["backward"] - freeze * STEPS * BATCH * saved


def test_a_classifier_costs_its_closed_form() -> None:
    small = tiny.classes(network="perceptron")
    teacher, student = frozen(tiny.classifiers()), tiny.classifiers(small)
    lesson = soft_labels.objective(side(teacher), side(student), alpha=0.5, temperature=2.0)
    game = tiny.supervised(student, teacher, tiny.teaching(lesson))
    found = expense.of_training(game, tiny.digits, SCHEDULE, teacher.values())
    first, rest, images = 8 * 8 * 6, 6 * 6 + 6 * 4, 12 * STEPS
    assert (found.forward, found.backward) == (images * (first + rest), images * (first + 2 * rest))
    convolutional = 8 * 8 * 9 * 4 + 7 * 7 * 9 * 4 * 8 + 8 * 3 * 3 * 8 + 8 * 4
    assert found.teacher == images * convolutional


class Line(nn.Module):
    """One weight."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1, bias=False)

    def losses(self, moment: Moment) -> Parts:
        return {"value": self.layer(moment["real"]).mean()}


@pytest.mark.parametrize(
    ("steps", "moves", "every", "times"), [(7, 1, 1, 7), (7, 3, 1, 21), (7, 1, 3, 3), (6, 2, 3, 4), (0, 1, 1, 0)]
)
def test_a_player_pays_as_often_as_it_moves(steps: int, moves: int, every: int, times: int) -> None:
    line = Line()
    game = Game({"line": line}, (Player("line", ("line",), line.losses, "generator", moves, every),), keeps=("line",))

    def draw(step: int, turn: int) -> Moment:  # noqa: ARG001 - a Draw
        return Moment({"real": torch.zeros(1, 1)}, 0, step, steps)

    found = expense.of_training(game, draw, SCHEDULE.model_copy(update={"steps": steps}), ())
    assert (found.forward, found.backward, found.macs) == (times, times, 2 * times)


def backbone_costs(steps: int, frozen_steps: int) -> Expense:
    """A backbone's training, its base frozen at first."""
    network = backbone.build(backbone.Spec(4, 4, 32, "mobilenet_v2", "none", width=0.1, depth=0.1))
    play, problem = backbone.Play(frozen_steps=frozen_steps), tiny.problem(4, "classes", 32)
    game = backbone.game(network, None, {"generator": tiny.teaching()}, backbone.Losses(), play, problem)

    def draw(step: int, turn: int) -> Moment:  # noqa: ARG001 - a Draw
        return Moment({"real": torch.zeros(4, 3, 32, 32), "label": torch.zeros(4, 4)}, 0, step, steps)

    return expense.of_training(game, draw, SCHEDULE.model_copy(update={"steps": steps}), ())


@pytest.mark.parametrize("frozen_steps", [1, 3, 6])
def test_a_part_that_is_let_go_during_training_costs_its_way_back_from_then_on(frozen_steps: int) -> None:
    still, moving = backbone_costs(1, 1), backbone_costs(1, 0)
    assert still.backward < moving.backward
    found = backbone_costs(7, frozen_steps)
    assert found.forward == 7 * moving.forward == 7 * still.forward
    assert found.backward == frozen_steps * still.backward + (7 - frozen_steps) * moving.backward
