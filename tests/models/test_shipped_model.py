"""The model that is shipped in models/compact."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import random_sequences

import dnalrp
from dnalrp.attribution.targets import MaskedToken
from dnalrp.models.dnabert2 import DnaBert2ForMaskedLM

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "models/compact"


@pytest.fixture(scope="module")
def shipped():
    return dnalrp.load(SHIPPED, num_labels=2)


def test_the_shipped_model_is_as_config_yaml_has_it(shipped):
    size = yaml.safe_load((ROOT / "config.yaml").read_text())["models"]["dnabert2"]["size"]
    for name, value in size.items():
        assert getattr(shipped.config, name) == value
    assert len(shipped.tokenizer) == size["vocab_size"]
    longest = max(map(len, shipped.tokenizer.get_vocab()))
    assert longest <= 8
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) < 6e6


def test_the_shipped_model_explains(shipped):
    maps = dnalrp.explain(shipped, random_sequences(4, 100, 200), progress=False)
    gap = (maps.ledger.sum(axis=1) - maps.outputs).abs().max()
    assert gap < 1e-4 * np.abs(maps.outputs).max() + 1e-5


def test_the_shipped_model_knows_and_explains_hidden_tokens(shipped):
    model = DnaBert2ForMaskedLM.from_pretrained(SHIPPED).eval()
    model.tokenizer = shipped.tokenizer
    history = pd.read_csv(SHIPPED / "history.tsv", sep="\t")
    assert f"**{history['held_out_loss'].dropna().iloc[-1]:.3f}**" in (
        SHIPPED / "README.md"
    ).read_text(encoding="utf-8")
    alu = "GGCCGGGCGCGGTGGCTCACGCCTGTAATCCCAGCACTTTGGGAGGCCGAGGCGGGCGGATCACGAGGTCAGGAGATCGAGACC"
    maps = dnalrp.explain(model, [alu], target=MaskedToken(40), progress=False)
    np.testing.assert_allclose(maps.ledger.sum(axis=1), maps.outputs, rtol=1e-3, atol=1e-4)
    assert maps.outputs[0] > 0  # the hidden token of an Alu repeat is its first guess
