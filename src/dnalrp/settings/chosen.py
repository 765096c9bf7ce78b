"""A section of the kind that one of its keys names: a data set's ``source``, for example."""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, cast

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from dnalrp.section import Section

Sections = Callable[[], Mapping[str, type[Section]]]


class ChosenBy:
    """Marks a field whose section is looked up when settings are read.

    So entries that extensions add to a catalogue can be chosen like those of the package::

        Dataset = Annotated[DatasetSection, ChosenBy("source", sections_of_sources)]

    Parameters
    ----------
    key
        The key that says which section it is.
    sections
        Gives the sections by that key's value.
    """

    def __init__(self, key: str, sections: Sections) -> None:
        self.key, self.sections = key, sections

    def read(self, given: Any) -> Section:
        """The section, of the kind that the key names."""
        if isinstance(given, Section):
            return given
        if not isinstance(given, Mapping):
            refuse("dict_type", given)
        if self.key not in given:
            refuse("missing", given, self.key)
        name, sections = given[self.key], self.sections()
        if not isinstance(name, str) or name not in sections:
            refuse(not_one_of(sections), name, self.key)
        return sections[name].model_validate(given)

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        sections = self.sections().values()
        return {
            "type": "object",
            "discriminator": {"propertyName": self.key},
            "oneOf": [reference_to(section, handler) for section in sections],
        }


def reference_to(section: type[Section], handler: GetJsonSchemaHandler) -> JsonSchemaValue:
    """A section's JSON schema, defined once however often it is needed."""
    name = f"{section.__module__}.{section.__qualname__}:{id(section)}"
    schema = cast(CoreSchema, {**section.__pydantic_core_schema__, "ref": name})
    # only what is inside of another schema is put among the definitions
    return handler(core_schema.union_schema([schema]))


def not_one_of(choices: Mapping[str, object]) -> PydanticCustomError:
    """The error of a name that is none of these."""
    context = {"choices": list(choices)}
    return PydanticCustomError("unknown_choice", "is not one of the choices", context)


def refuse(kind: str | PydanticCustomError, value: object, *keys: str | int) -> NoReturn:
    """Raise pydantic's error of a kind about a value below these keys of what is validated."""
    details = InitErrorDetails(type=kind, loc=keys, input=value)
    raise ValidationError.from_exception_data("settings", [details])
