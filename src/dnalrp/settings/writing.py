"""Writes what is said of settings elsewhere: a JSON schema for editors, and a page for people.

``python -m dnalrp.settings.writing`` in a checkout; a test says that both are up to date.
"""

from pathlib import Path
from typing import Any

import yaml
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from dnalrp.settings.configuration import Configuration
from dnalrp.settings.page import page

SCHEMA, PAGE = "workflow/schemas/config.schema.yaml", "docs/settings.md"
HEADER = """\
# Written from the classes in src/dnalrp by `python -m dnalrp.settings.writing`; do not edit.
# Editors offer keys and tell mistakes by it, with a first line such as
# yaml-language-server: $schema=workflow/schemas/config.schema.yaml
"""


class _Plain(GenerateJsonSchema):
    """Without titles, which would only say each key again; names of data sets must match."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        written = super().model_schema(schema)
        written.pop("title", None)
        return written

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        written = super().dict_schema(schema)
        for pattern, values in written.pop("patternProperties", {}).items():
            written |= {"propertyNames": {"pattern": pattern}, "additionalProperties": values}
        return written


def json_schema() -> dict[str, Any]:
    """The JSON schema of all settings, with the entries that the catalogues have by now."""
    written = Configuration.model_json_schema(schema_generator=_Plain)
    written["$defs"] = written.pop("$defs")  # to the end
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {**dialect, **_on_one_line(written)}


def _on_one_line(schema: Any) -> Any:
    """Descriptions as a line each, however their docstrings were broken."""
    if isinstance(schema, list):
        return [_on_one_line(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    described = {key: _on_one_line(value) for key, value in schema.items()}
    if isinstance(described.get("description"), str):
        described["description"] = " ".join(described["description"].split())
    return described


def texts() -> dict[str, str]:
    """What is written, by path in a checkout."""
    schema = json_schema()
    style = {"default_flow_style": None, "allow_unicode": True, "width": 96}
    dumped = yaml.safe_dump(schema, sort_keys=False, **style)
    return {SCHEMA: HEADER + dumped, PAGE: page(schema)}


def main() -> None:
    """Write both into the checkout that this module lies in."""
    root = Path(__file__).resolve().parents[3]
    for name, text in texts().items():
        (root / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
