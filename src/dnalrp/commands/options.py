"""What options of commands have in common with the settings: bounds, choices and extensions."""

import argparse
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, get_args

from dnalrp.errors import InputError

if TYPE_CHECKING:
    from dnalrp.settings.catalogues import Choice


def add_extensions(parser: argparse.ArgumentParser) -> None:
    """Give a command the option ``--extension``; :func:`dnalrp.command.main` loads the files."""
    parser.add_argument(
        "--extension",
        dest="extensions",
        action="append",
        default=[],
        metavar="FILE",
        help="Python file that adds to methods, metrics, sources or architectures; repeatable",
    )


def choices_of(section: type, field: str) -> tuple[str, ...]:
    """The words that a setting may be."""
    return get_args(section.model_fields[field].annotation)  # type: ignore[attr-defined]


def check_option(name: str, value: Any, section: type, field: str) -> None:
    """Refuse a value that the setting of this field could not have either.

    Parameters
    ----------
    name
        Of the option, without its dashes.
    section, field
        The section of the settings, and its field.

    Raises
    ------
    InputError
        One line: the option, the value and the cure.
    """
    from pydantic import TypeAdapter, ValidationError

    info = section.model_fields[field]  # type: ignore[attr-defined]
    annotation: Any = info.annotation
    for bound in info.metadata:
        annotation = Annotated[annotation, bound]
    adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    try:
        adapter.validate_python(value, strict=True)
    except ValidationError as error:
        wrong = error.errors()[0]["input"]
        cure = _cure(adapter.json_schema())
        raise InputError(f"--{name} {wrong}: {cure}") from None


def _cure(schema: dict[str, Any]) -> str:
    """What to give, by the JSON schema of a setting."""
    if "anyOf" in schema:
        schema = schema["anyOf"][0]
    if "items" in schema:
        schema = schema["items"]
    if "enum" in schema:
        return f"choose one of {', '.join(schema['enum'])}"
    if "exclusiveMinimum" in schema and "maximum" in schema:
        return f"give a share between {schema['exclusiveMinimum']:g} and {schema['maximum']:g}"
    if "minimum" in schema:
        return f"give {schema['minimum']} or more"
    if "pattern" in schema:
        return f"write it as {schema['pattern']}"
    return "give another"


def method_choice(
    method: str, given: Sequence[str], short: Mapping[str, str | None] | None = None
) -> "Choice":
    """A method and its options, as ``NAME=VALUE`` give them.

    Parameters
    ----------
    short
        Options that have an option of the command of their own, None where it is not given. A
        method without such an option leaves it out.

    Raises
    ------
    InputError
        One line: the option, the value and the cure. A method that is not known is left to the
        model, which lists those that explain it.
    """
    import yaml
    from pydantic import ValidationError

    from dnalrp.attribution.options import Options
    from dnalrp.mistakes import best_mistake
    from dnalrp.names import base_method
    from dnalrp.settings.attribute import ReadMethod
    from dnalrp.settings.catalogues import METHODS, Choice

    if base_method(method) not in METHODS:
        return Choice(method, Options())
    known = METHODS[base_method(method)].options.model_fields
    values: dict[str, Any] = {
        name: value for name, value in (short or {}).items() if value is not None and name in known
    }
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--option {text}: write NAME=VALUE")
        if name in values:
            raise InputError(f"--option {text}: {name} is given twice; leave one out")
        try:
            values[name] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise InputError(f"--option {text}: the value is no YAML; put it in quotes") from None
    entry = {method: values}
    try:
        return ReadMethod.read(entry)
    except ValidationError as error:
        raise InputError(f"--option {best_mistake(error, entry, {}).line()}") from None
