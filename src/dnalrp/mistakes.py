"""What pydantic has to say about settings, in one line: the key, the value and the cure."""

import ast
import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ValidationError
from pydantic_core import ErrorDetails

KeyPath = tuple[str | int, ...]

_TYPES = {
    "string": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "list": "array",
    "tuple": "array",
    "dict": "object",
    "model": "object",
    "model_attributes": "object",
    "none_required": "null",
}
_BOUNDS = {
    "greater_than_equal": ("ge", "less than the minimum of"),
    "greater_than": ("gt", "less than or equal to the minimum of"),
    "less_than_equal": ("le", "greater than the maximum of"),
    "less_than": ("lt", "greater than or equal to the maximum of"),
}
_SUBKEY = re.compile(r"^[A-Za-z_][\w.*-]*: ")
LONGEST = 200


class Mistake(NamedTuple):
    """One error: the path to what is wrong in the settings, what is wrong, and how to cure it."""

    path: KeyPath
    text: str
    rank: int

    def line(self) -> str:
        """The mistake in one line."""
        key = ".".join(map(str, self.path))
        if self.rank == CONTRADICTION and (not key or _SUBKEY.match(self.text)):
            return f"{key}.{self.text}" if key else self.text  # the text begins with a subkey
        return f"{key or 'top level'}: {self.text}"


UNKNOWN, MISSING, VALUE, TYPE, CONTRADICTION = range(5)
"""What is told first, of mistakes at one depth: a misspelt setting is missing too."""


def best_mistake(
    error: ValidationError, settings: object, renamed: Mapping[KeyPath, KeyPath]
) -> Mistake:
    """The mistake that helps most: of what contradicts nothing the least deep, then in order.

    Parameters
    ----------
    settings
        What was validated: its keys tell parts of a path from pydantic's names of alternatives.
    renamed
        Keys that an old word was moved to, with those where it was written.
    """
    mistakes = [
        _mistake(entry, path, alternatives)
        for path, entry, alternatives in _distinct(error.errors(include_url=False), settings)
    ]
    best = min(mistakes, key=lambda one: (one.rank == CONTRADICTION, len(one.path), one.rank))
    for new, old in renamed.items():
        if best.path[: len(new)] == new:
            return best._replace(path=old + best.path[len(new) :])
    return best


def _distinct(
    errors: Sequence[ErrorDetails], settings: object
) -> Iterable[tuple[KeyPath, ErrorDetails, list[str]]]:
    """Errors with their paths; of one value that fits no alternative, a single one.

    That is the one of the alternative whose type fits, or else one with the types of all.
    """
    located = [(_path(entry, settings), entry) for entry in errors]
    for path, entry in located:
        inside = [other for other in located if other[0][: len(path)] == path]
        types = [_type(other) for other_path, other in inside if other_path == path]
        if _type(entry) is None:
            yield path, entry, []
        elif all(types) and len(inside) == len(types):
            yield path, entry, list(dict.fromkeys(filter(None, types)))


def _path(entry: ErrorDetails, settings: object) -> KeyPath:
    """The keys and indices of a location, without the names that pydantic gives to alternatives."""
    path: list[str | int] = []
    value = settings
    location = entry["loc"]
    for part in location[:-2] if location[-1:] == ("[key]",) else location:
        if _holds(value, part):
            value = value[part]  # type: ignore[index]
            path.append(part)
    return tuple(path)


def _holds(value: object, part: str | int) -> bool:
    """Is a part of a location a key or an index of a value?"""
    if isinstance(value, list | tuple):
        return isinstance(part, int) and part < len(value)
    return isinstance(value, Mapping) and part in value


def _type(entry: ErrorDetails) -> str | None:
    """The type that was expected, where it is the type that is wrong."""
    if entry["type"] == "literal_error" and "'" in entry["ctx"]["expected"]:
        return None if isinstance(entry["input"], str) else "string"
    return _TYPES.get(entry["type"].removesuffix("_type"))


def _mistake(entry: ErrorDetails, path: KeyPath, types: list[str]) -> Mistake:
    kind, value, context = entry["type"], entry["input"], entry.get("ctx", {})
    if types and (kind != "literal_error" or len(types) > 1):
        expected = ", ".join(map(repr, types))
        return Mistake(
            path, f"{_short(value)} is not of type {expected}; {_cure(types, value)}", TYPE
        )
    if kind == "unknown_setting":
        return Mistake(path, entry["msg"], UNKNOWN)
    if kind in ("missing", "union_tag_not_found"):
        name = context.get("discriminator", repr(entry["loc"][-1]))
        text = f"setting {name} is missing; add it, config.yaml shows all"
        return Mistake(path, text, MISSING)
    if kind == "value_error":
        return Mistake(path, str(context["error"]), CONTRADICTION)
    if kind == "union_tag_invalid":
        named = (*path, context["discriminator"].strip("'"))
        return Mistake(
            named, _not_a_choice(context["tag"], _listed(context["expected_tags"])), VALUE
        )
    if kind == "literal_error":
        return Mistake(path, _not_a_choice(value, _listed(context["expected"])), VALUE)
    if kind == "unknown_choice":
        return Mistake(path, _not_a_choice(value, list(context["choices"])), VALUE)
    if kind == "string_pattern_mismatch":
        text = f"{_short(value)} does not match {context['pattern']!r}"
    elif kind in ("string_too_short", "too_short"):
        text = f"{_short(value)} {'should be non-empty' if not value else 'is too short'}"
    elif kind in ("string_too_long", "too_long"):
        text = f"{_short(value)} is too long"
    elif kind == "finite_number":
        text = f"{_short(value)} is no finite number"
    elif kind in _BOUNDS:
        bound, words = _BOUNDS[kind]
        text = f"{_short(value)} is {words} {context[bound]:.12g}"
    else:
        text = entry["msg"].splitlines()[0]
    return Mistake(path, f"{text}; correct the value", VALUE)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) < LONGEST else f"{text[:LONGEST]} ..."


def _listed(text: str) -> list[Any]:
    """Values that pydantic lists as ``'a', 'b' or 'c'``."""
    return [ast.literal_eval(value) for value in re.findall(r"'[^']*'|[\w.-]+(?=,|$| or )", text)]


def _not_a_choice(value: object, choices: Sequence[Any]) -> str:
    """What is wrong with a word that is none of the choices, and which was meant."""
    if len(choices) == 1:
        return f"{_short(value)} does not match {choices[0]!r}; correct the value"
    if not isinstance(value, str):
        return f"{_short(value)} is not one of {list(choices)}; correct the value"
    known = [str(choice) for choice in choices]
    close = difflib.get_close_matches(value, known, n=1)
    cure = f"did you mean {close[0]!r}?" if close else f"choose from {', '.join(known)}"
    return f"{_short(value)} is not one of the choices; {cure}"


def _cure(types: Sequence[str], value: Any) -> str:
    """YAML reads ``yes`` as true, ``9`` as a number, and ``1e-3`` as text."""
    if "string" in types and isinstance(value, bool):
        return "write it in quotes, else YAML reads yes, no, on and off as true and false"
    if "string" in types and isinstance(value, int | float):
        return f'write it in quotes: "{value}"'
    if types[0] in ("number", "integer") and isinstance(value, str):
        try:
            return f"write {float(value):.12g}, without quotes"
        except ValueError:
            return "give a number"
    return "correct the value"
