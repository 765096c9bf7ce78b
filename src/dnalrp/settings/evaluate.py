"""Settings of the stage ``evaluate``: a section for every axis of metrics that has some."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, cast

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, create_model
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from dnalrp.section import Section, Seed
from dnalrp.settings.catalogues import axis_sections
from dnalrp.settings.chosen import reference_to


class ConfidenceIntervals(Section):
    """How sure the tables' means are: intervals from resampled sequences."""

    resamples: Annotated[int, Field(ge=100)]
    """How often sequences are drawn anew."""
    seed: Seed
    """Decides what is drawn."""


class Evaluate(Section):
    """How maps are judged. The axes' sections, such as `faithfulness`, are fields too."""

    intervals: ConfidenceIntervals
    """Of all means in the tables."""

    def axes(self) -> dict[str, Section]:
        """Settings by axis, of those that have some."""
        return {name: getattr(self, name) for name in axis_sections()}


def read_axes(given: Mapping[str, Mapping[str, object]]) -> dict[str, Section]:
    """Settings by axis, of those axes that have some; what is not given has its defaults."""
    return {name: section(**given.get(name, {})) for name, section in axis_sections().items()}


def evaluate_section() -> type[Evaluate]:
    """:class:`Evaluate` with the sections of all axes that the catalogue has by now."""
    return _with_axes(tuple(axis_sections().items()))


@cache
def _with_axes(sections: tuple[tuple[str, type[Section]], ...]) -> type[Evaluate]:
    fields: dict[str, Any] = {}
    for name, section in sections:
        required = any(field.is_required() for field in section.model_fields.values())
        about = " ".join((section.__doc__ or "").split())
        default: dict[str, Any] = {} if required else {"default_factory": section}
        fields[name] = (section, Field(description=about, **default))
    made = create_model("Evaluate", __base__=Evaluate, __doc__=Evaluate.__doc__, **fields)
    return cast(type[Evaluate], made)


class ReadEvaluate:
    """Marks the field ``evaluate``: which sections it has is looked up when settings are read."""

    @staticmethod
    def read(given: Any) -> Evaluate:
        """The section with those of all axes."""
        if isinstance(given, Evaluate):
            return given
        return evaluate_section().model_validate(given)

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return reference_to(evaluate_section(), handler)
