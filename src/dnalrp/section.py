"""What every section of the settings is: strict typed data, whose mistakes are told in one line."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

Count = Annotated[int, Field(ge=1)]
WholeNotNegative = Annotated[int, Field(ge=0)]
Seed = Annotated[int, Field(ge=0)]
Rate = Annotated[float, Field(ge=0, le=1)]
"""From 0 to 1, both allowed."""
Share = Annotated[float, Field(gt=0, le=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
"""Of a data set or a model: it becomes part of file names."""
ClassName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$")]
Location = Annotated[str, StringConstraints(min_length=1)]
"""A path or a URL."""
MotifId = Annotated[str, StringConstraints(pattern=r"^MA[0-9]{4}(\.[0-9]+)?$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
NucleotideMap = Literal["split", "copy", "average"]
Values = TypeVar("Values", bound=list[Any])


def _without_repeats(values: Values) -> Values:
    if any(value in values[:index] for index, value in enumerate(values)):
        raise PydanticCustomError(
            "unique_items", "{values} has non-unique elements", {"values": repr(values)}
        )
    return values


Unique = Annotated[
    Values, AfterValidator(_without_repeats), Field(json_schema_extra={"uniqueItems": True})
]
"""A list in which nothing is twice: ``Unique[list[Name]]``."""


class Section(BaseModel):
    """A section of the settings: unknown keys are refused, types are not guessed, nothing changes.

    Fields without a default are required. ``description`` of a field is its line on the settings
    page; a validator that raises ``ValueError("subkey: what is wrong; the cure")`` speaks of a
    contradiction between fields, with a key relative to the section before the first colon.
    """

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _with_known_keys(cls, given: Any) -> Any:
        """Refuse unknown keys here, where those that there are can be offered."""
        known = list(cls.model_fields)
        unknown = [key for key in given if key not in known] if isinstance(given, Mapping) else []
        if unknown:
            close = difflib.get_close_matches(str(unknown[0]), known, n=1)
            cure = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
            text = "unknown setting {name}; {cure}"
            context = {"name": repr(unknown[0]), "cure": cure}
            raise PydanticCustomError("unknown_setting", text, context)
        return given


class CheckedSection(Section):
    """A section whose fields may contradict each other."""

    def contradictions(self) -> Iterator[str]:
        """What is wrong: ``key: value and cure``, keys relative to the section; one is told."""
        yield from ()

    @model_validator(mode="after")
    def _without_contradictions(self) -> Self:
        for complaint in self.contradictions():
            raise ValueError(complaint)
        return self
