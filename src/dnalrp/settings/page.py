"""The settings page: every section with its keys, what each may be, and what it means."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic.json_schema import JsonSchemaValue

from dnalrp.names import RANDOM, RANDOMISED
from dnalrp.settings.catalogues import METHODS

INTRODUCTION = """\
# Settings

<!-- Written from the classes in src/dnalrp by `python -m dnalrp.settings.writing`; do not edit. -->

`config.yaml` holds the default run. A configuration of your own holds what differs and is laid over
it: `snakemake --configfile mine.yaml`; a data set or a model is left out by `null`. `dnalrp init`
writes one for your data. What has no default must be given. A mistake is told in one line before
anything runs.
"""
PATTERNS = {
    "^[A-Za-z][A-Za-z0-9_]*$": "a name of letters, digits and `_`",
    "^[A-Za-z0-9_-]+$": "a name of letters, digits, `_` and `-`",
    r"^MA[0-9]{4}(\.[0-9]+)?$": "a JASPAR id such as `MA0139` or `MA0139.2`",
    "^[0-9a-f]{64}$": "64 hexadecimal digits",
    "^[A-Za-z0-9_.-]+==[A-Za-z0-9_.]+$": "`NAME==VERSION`",
}
NAMES = {"datasets": "DATASET", "models": "MODEL"}
REF = "#/$defs/"
SUFFIX = re.compile("(?<=[a-z0-9])(Section|Settings)$")
METHOD = "method"


class Heading(NamedTuple):
    """A section of the page: its class, and the first key where settings have it."""

    name: str
    path: str


def page(schema: JsonSchemaValue) -> str:
    """The page of a JSON schema, as Markdown: a table for each section, outer ones first."""
    sections = schema["$defs"]
    seen: dict[str, Heading] = {}
    waiting = list(_used(schema, ""))
    while waiting:
        heading = waiting.pop(0)
        if heading.name not in seen:
            seen[heading.name] = heading
            waiting = [*_used(sections[heading.name], heading.path), *waiting]
    parts = [INTRODUCTION, *_table(schema, sections)]
    for heading in seen.values():
        section = sections[heading.name]
        about = section["description"].replace("``", "`")
        parts += ["", f"## {title(heading.name)}", "", f"`{heading.path}`: {about}", ""]
        parts += _table(section, sections)
    return "\n".join([*parts, "", *_methods()]) + "\n"


def _methods() -> list[str]:
    """What ``attribute.methods`` may list, and the options of each."""
    rows = ["## Methods", "", "| method | explains | options | about |", "|---|---|---|---|"]
    for method in METHODS.values():
        options = method.options.__name__ if method.options.model_fields else ""
        cells = (f"`{method.name}`", _joined(list(method.families)), _link(options), method.about)
        rows.append(f"| {' | '.join(cells)} |")
    meaning = f"the model with new random parameters, by any METHOD but `{RANDOM}`: a control"
    return [*rows, f"| `METHOD{RANDOMISED}` | as METHOD | as METHOD | {meaning} |"]


def _link(name: str) -> str:
    heading = title(name).lower()
    return f"[{heading}](#{heading.replace(' ', '-')})" if name else ""


def title(name: str) -> str:
    """A class's name as a heading: ``RegulatoryCnnSize`` is ``Regulatory cnn size``."""
    words = re.sub("(?<=[a-z0-9])([A-Z])", r" \1", SUFFIX.sub("", name))
    return words.capitalize()


def _used(section: JsonSchemaValue, path: str) -> Iterator[Heading]:
    """Sections that the keys of one hold, in their order."""
    for key, schema in section.get("properties", {}).items():
        name = f"{path}.{key}" if path else key
        if isinstance(schema.get("additionalProperties"), dict):
            name += f".{NAMES.get(key, 'NAME')}"
        for reference in _references(schema):
            yield Heading(reference.removeprefix(REF), name)


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, list):
        for part in schema:
            yield from _references(part)
    elif isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"]
        for part in schema.values():
            yield from _references(part)


def _table(section: JsonSchemaValue, sections: JsonSchemaValue) -> list[str]:
    """Rows of a Markdown table, one a key."""
    rows = ["| key | what it may be | default | meaning |", "|---|---|---|---|"]
    required = section.get("required", ())
    for key, schema in section["properties"].items():
        default = "" if key in required else _default(schema)
        cells = (f"`{key}`", allowed(schema), default, _meaning(schema, sections))
        rows.append("| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |")
    return rows


def _meaning(schema: JsonSchemaValue, sections: JsonSchemaValue) -> str:
    """What is said of a key, or else of its section."""
    section = sections.get(schema.get("$ref", "").removeprefix(REF), {})
    said: str = schema.get("description") or section.get("description", "")
    return said.replace("``", "`")


def _default(schema: JsonSchemaValue) -> str:
    if "default" in schema:
        return f"`{json.dumps(schema['default'])}`"
    return "those of its keys" if "$ref" in schema else "none"


def allowed(schema: JsonSchemaValue) -> str:
    """What a value may be, in words."""
    if "$ref" in schema:
        return _link(schema["$ref"].removeprefix(REF))
    for alternatives in ("anyOf", "oneOf"):
        if alternatives in schema:
            if schema.get("title") == METHOD:
                return "[methods](#methods)"
            return _joined([allowed(one) for one in schema[alternatives]])
    if "enum" in schema:
        return _joined([f"`{value}`" for value in schema["enum"]])
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = schema.get("type")
    if kind == "array":
        return f"list of {_count(schema)}{allowed(schema['items'])}"
    if kind == "object":
        return _by_name(schema)
    words = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    if kind == "string" and "pattern" in schema:
        return PATTERNS.get(schema["pattern"], f"text that matches `{schema['pattern']}`")
    return ", ".join([words.get(str(kind), str(kind)), *_bounds(schema)])


def _by_name(schema: JsonSchemaValue) -> str:
    """Values by names that are free to choose."""
    values = schema.get("additionalProperties")
    return f"by name: {allowed(values)}" if isinstance(values, dict) else "keys and values"


def _count(schema: JsonSchemaValue) -> str:
    least, most = schema.get("minItems"), schema.get("maxItems")
    if least == most:
        return "" if least is None else f"{least}: "
    return f"{least} or more: " if most is None else f"{least or 0} to {most}: "


def _bounds(schema: JsonSchemaValue) -> Iterator[str]:
    """Bounds of a number."""
    for key, words in (
        ("minimum", "at least"),
        ("exclusiveMinimum", "more than"),
        ("maximum", "at most"),
        ("exclusiveMaximum", "less than"),
    ):
        if key in schema:
            yield f"{words} {schema[key]:g}"


def _joined(texts: list[str]) -> str:
    """Texts as an enumeration; alternatives that say the same once."""
    *others, last = dict.fromkeys(texts)
    return f"{', '.join(others)} or {last}" if others else last
