"""Settings of the stage ``attribute``: which methods explain which model, and how."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, TypeAdapter
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from dnalrp.section import CheckedSection, Count, Rate, Seed, Unique, WholeNotNegative
from dnalrp.settings.catalogues import METHODS, Choice, method_names
from dnalrp.settings.chosen import not_one_of, reference_to, refuse


class ReadMethod:
    """Marks an entry of ``methods``: a name, or one key with options, read as a choice."""

    @staticmethod
    def read(given: Any) -> Choice:
        """The method that is chosen; a name alone chooses its defaults."""
        if isinstance(given, Choice):
            return given
        one = isinstance(given, Mapping) and len(given) == 1
        name, options = next(iter(given.items())) if one else (given, {})
        if not isinstance(name, str):
            refuse(PydanticCustomError("method", METHOD_FORM, {"given": repr(given)}), given)
        known = method_names()
        if name not in known:
            refuse(not_one_of(known), name)
        section: Any = METHODS[known[name]].options
        return Choice(name, TypeAdapter(dict[str, section]).validate_python({name: options})[name])

    @staticmethod
    def written(choice: Choice) -> str | dict[str, Any]:
        """A choice as the settings have it: a name, with its options where they are given."""
        options = choice.options.model_dump(exclude_unset=True)
        return {choice.method: options} if options else choice.method

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        writing = core_schema.plain_serializer_function_ser_schema(self.written)
        return core_schema.no_info_plain_validator_function(self.read, serialization=writing)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        known = method_names()
        options = {
            name: reference_to(METHODS[method].options, handler)
            for name, method in known.items()
            if METHODS[method].options.model_fields
        }
        mapping = {
            "type": "object",
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
            "properties": options,
        }
        return {"title": "method", "oneOf": [{"enum": list(known)}, mapping]}


METHOD_FORM = "{given} is no method; write its name, or options too, as in {{lrp: {{...}}}}"


class Segmentations(CheckedSection):
    """The segmentations of a sequence that the map `average` is the mean over."""

    reverse_complement: bool
    """True: both strands."""
    shifts: WholeNotNegative
    """By how many bases a sequence is shifted, at most: each shift moves the tokens' bounds."""
    dropout: Rate
    """The chance that a junction between two nucleotides is barred to tokens."""
    draws: WholeNotNegative
    """Segmentations with such dropout, besides the tokenizer's own."""
    seed: Seed
    """Decides what is drawn."""

    def contradictions(self) -> Iterator[str]:
        """Draws that are all alike."""
        if self.draws and not self.dropout:
            yield (
                f"draws: {self.draws} draws with dropout 0 are all alike; raise dropout, or set "
                "draws to 0"
            )


class Attribute(CheckedSection):
    """Which sequences are explained, by which methods."""

    splits: Annotated[Unique[list[Literal["train", "dev", "test"]]], Field(min_length=1)]
    """The sequences that are explained."""
    methods: dict[str, Annotated[list[Annotated[Choice, ReadMethod()]], Field(min_length=1)]]
    """Methods by name of the model, each a name, or one key with the method's options. With
    `_randomised` at its end a method explains the model with new random parameters: a control."""
    batch_size: Count
    """Sequences at once."""
    segmentations: Segmentations | None
    """Those that the map `average` is the mean over; null makes no such map."""

    def contradictions(self) -> Iterator[str]:
        """A method that is listed twice for one model: its results have one name."""
        for model, choices in self.methods.items():
            names = [choice.method for choice in choices]
            if twice := [name for name in names if names.count(name) > 1]:
                yield f"methods.{model}: {twice[0]!r} is listed twice; leave one out"
