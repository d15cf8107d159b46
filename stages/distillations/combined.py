"""Image, intermediate and relation at once, as semantic-relation-preserving distillation joins them.

Li, Jiang and Aarabi, ECCV 2020, arXiv 2104.15082: L = α·image + β·intermediate + γ·relation. Their weights are not
published. Each term is the lesson that also stands alone (`image`, `euclidean`, `semantic_relation`), with the same
settings and a weight of its own; a term that is left out is not asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema
from torch import nn

from stages.blocks import images, intermediate, relations
from stages.learning.contracts import Need, Parts, Seen, Side, Unsupported
from stages.settings import members

TERMS: Mapping[str, Any] = {"image": images, "intermediate": intermediate, "relation": relations}


class Of:
    """Settings of a function, checked by its signature and handed on as they were written."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        checked = handler.generate_schema(members.settings_model(self.function))
        return core_schema.no_info_after_validator_function(lambda found: found.model_dump(exclude_unset=True), checked)


class Combined(nn.Module):
    """The sum of its terms."""

    def __init__(self, terms: nn.ModuleDict) -> None:
        super().__init__()
        self.terms = terms
        lessons: list[Any] = list(terms.values())
        self.watches = tuple(dict.fromkeys(tap for lesson in lessons for tap in lesson.watches))
        self.compares_output = all(lesson.compares_output for lesson in lessons)

    def forward(self, student: Seen, teacher: Seen) -> Parts:
        return {
            f"combined_{name}": part
            for lesson in self.terms.values()
            for name, part in lesson(student, teacher).items()
        }


def objective(
    teacher: Side,
    student: Side,
    *,
    image: Annotated[dict[str, Any], Of(images.objective)] | None = None,
    intermediate: Annotated[dict[str, Any], Of(intermediate.objective)] | None = None,
    relation: Annotated[dict[str, Any], Of(relations.objective)] | None = None,
) -> nn.Module:
    """The lesson of the terms that are asked for."""
    given = {"image": image, "intermediate": intermediate, "relation": relation}
    terms = {name: TERMS[name].objective(teacher, student, **settings) for name, settings in given.items() if settings}
    if not terms:
        raise Unsupported(f"combined joins {', '.join(TERMS)}, and none of them is asked for: write at least one")
    return Combined(nn.ModuleDict(terms))


def needs(settings: Mapping[str, Any]) -> list[Need]:
    """The taps that the terms name."""
    return [
        replace(need, where=f"{name}.{need.where}")
        for name, given in settings.items()
        if given
        for need in TERMS[name].needs(given)
    ]
