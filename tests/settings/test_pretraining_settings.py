"""The section of pre-training."""

from pathlib import Path

import pytest
import yaml

from dnalrp.errors import InputError
from dnalrp.settings import read_configuration

ROOT = Path(__file__).parents[2]


def with_pretraining(keys=(), value=None):
    """Default settings with the section of config/pretraining.yaml, one value changed."""
    settings = yaml.safe_load((ROOT / "config.yaml").read_text())
    settings |= yaml.safe_load((ROOT / "config/pretraining.yaml").read_text())
    place = settings
    for key in keys[:-1]:
        place = place[key]
    if keys:
        place[keys[-1]] = value
    return settings


def test_the_section_may_be_there_or_not():
    read_configuration(with_pretraining())
    read_configuration(with_pretraining(["pretraining"], None))
    read_configuration(with_pretraining(["models", "dnabert2", "pretrained"], "pretraining"))


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (["pretraining", "training", "step"], 3, "did you mean 'steps'"),
        (["pretraining", "training", "precision"], "int8", "'int8' is not one of"),
        (["pretraining", "genomes"], [], "pretraining.genomes: .* non-empty"),
        (["pretraining", "crops", "length"], [300, 200], "from 300 to 200 is empty"),
        (["pretraining", "training", "decay_steps"], 10**6, "warm-up and decay take more than"),
        (["pretraining", "size", "num_attention_heads"], 3, "128 is not a multiple of .* 3"),
        (["models", "cnn", "pretrained"], "pretraining", "pre-training makes a dnabert2"),
    ],
)
def test_wrong_settings_are_refused(keys, value, message):
    with pytest.raises(InputError, match=message):
        read_configuration(with_pretraining(keys, value))


def test_pretrained_from_a_stage_that_is_not_there_is_refused():
    settings = with_pretraining(["models", "dnabert2", "pretrained"], "pretraining")
    del settings["pretraining"]
    with pytest.raises(InputError, match=r"models.dnabert2.pretrained: .* section .* not there"):
        read_configuration(settings)
