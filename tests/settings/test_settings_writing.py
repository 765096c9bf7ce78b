"""What is written from the sections of the settings, and configurations as they are written."""

import subprocess
import sys

import pytest
from default_settings import DEFAULT, ROOT, changed, with_methods

from dnalrp.settings import read_configuration
from dnalrp.settings.writing import json_schema, texts


def test_a_configuration_is_written_as_it_was_read():
    settings = with_methods({"attnlrp": {"alibi": "identity"}}, "random")
    configuration = read_configuration(settings)
    written = configuration.model_dump(mode="json", exclude_unset=True)
    assert written == settings
    assert read_configuration(written) == configuration
    assert configuration.extensions == [] and configuration.pretraining is None


def test_the_schema_and_the_settings_page_are_up_to_date():
    for name, text in texts().items():
        assert (ROOT / name).read_text(encoding="utf-8") == text, (
            f"{name} is not what the sections say: run python -m dnalrp.settings.writing"
        )


def test_every_setting_is_explained():
    def unexplained(schema, path):
        if isinstance(schema, dict):
            for key, value in schema.get("properties", {}).items():
                if "$ref" not in value and not value.get("description"):
                    yield f"{path}.{key}"
            for key, value in schema.items():
                yield from unexplained(value, f"{path}.{key}")

    assert not set(unexplained(json_schema(), ""))


def test_the_schema_says_what_the_sections_say():
    schema = pytest.importorskip("jsonschema").Draft202012Validator(json_schema())
    assert schema.is_valid(DEFAULT)
    assert schema.is_valid(with_methods({"attnlrp": {"alibi": "uniform"}}, "random"))
    for path, value in (
        ("datasets/implant/length", 10),
        ("datasets/implant/lenght", 200),
        ("datasets/implant/source", "made"),
        ("models/cnn/size/filters", 0),
        ("attribute/methods/cnn", ["gradient"]),
        ("evaluate/faithfulness/shares", [2]),
        ("seeds", [1, 1]),
        ("seeds", None),
    ):
        assert not schema.is_valid(changed(path, value)), path


def test_settings_are_read_without_heavy_libraries():
    code = (
        "import sys, yaml, dnalrp.settings as s;"
        "s.Configuration.model_validate(yaml.safe_load(open('config.yaml')));"
        "print([m for m in ('torch', 'pandas', 'numpy', 'pyjaspar') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_no_line_of_a_configuration_is_too_long():
    for path in (ROOT / "config.yaml", *(ROOT / "config").glob("*.yaml")):
        assert max(map(len, path.read_text(encoding="utf-8").splitlines())) <= 100, path
