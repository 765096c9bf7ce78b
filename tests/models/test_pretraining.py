"""Pre-training reads what it may, learns from it, and goes on after a kill as if there was none."""

import math

import numpy as np
import pytest
import torch
from conftest import toy_config, toy_masked_lm
from sections import changed
from toy_pretraining import CROPS, SIZE, varied_records, write_fasta

import dnalrp
from dnalrp import pretraining
from dnalrp.data.crops import CropSampler
from dnalrp.errors import InputError
from dnalrp.models.device import check_precision
from dnalrp.models.pretraining_settings import PretrainingSection, PretrainingSteps
from dnalrp.pretraining import (
    Crops,
    frequency_loss,
    masked_windows,
    new_masked_model,
    pretrain,
    train_tokenizer,
)

CPU = torch.device("cpu")
SETTINGS = PretrainingSteps(
    steps=30,
    batch_size=8,
    learning_rate=0.01,
    weight_decay=0.01,
    warmup_steps=3,
    decay_steps=10,
    dropout=0.1,
    masked_share=0.2,
    evaluate_every=5,
    precision="float32",
)
SECTION = PretrainingSection(
    name="toy",
    genomes=[{"fasta": "genome.fa", "source": "made here"}],
    crops=CROPS,
    held_out=20,
    tokenizer_crops=50,
    size=SIZE,
    max_token_length=4,
    training=SETTINGS,
    seed=1,
)


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    path = write_fasta(tmp_path_factory.mktemp("genome") / "genome.fa", varied_records())
    return CropSampler([path], CROPS, held_out=6, seed=1)


@pytest.fixture(scope="module")
def patchy(tmp_path_factory):
    """A genome of A and T here, of C and G there: what is around a token says much about it."""
    rng = np.random.default_rng(3)
    records = ["".join(rng.choice(list(letters), size=2000)) for letters in ("AT", "CG")]
    path = write_fasta(tmp_path_factory.mktemp("genome") / "genome.fa", records)
    return CropSampler([path], CROPS, held_out=20, seed=1)


@pytest.fixture(scope="module")
def tokenizer(patchy):
    return train_tokenizer(patchy, SECTION, seed=1)


def pretrained(model, sampler, settings, folder):
    return pretrain(model, sampler, settings, seed=1, checkpoints=folder, device=CPU)


def new_model(tokenizer):
    return new_masked_model(SECTION.size, tokenizer, seed=1)


def test_held_out_windows_are_masked_once_and_specials_never(genome):
    tokenizer = train_tokenizer(genome, SECTION, seed=1)
    torch.manual_seed(5)
    windows = masked_windows(genome, tokenizer, 0.9, seed=1)
    torch.manual_seed(6)
    assert windows == masked_windows(genome, tokenizer, 0.9, seed=1)
    for window, sequence in zip(windows, genome.held_out(), strict=True):
        tokens = tokenizer(sequence)["input_ids"]
        asked = [label != -100 for label in window["labels"]]
        assert [t for t, a in zip(tokens, asked, strict=True) if a] == [
            label for label in window["labels"] if label != -100
        ]
        assert not any(a for t, a in zip(tokens, asked, strict=True) if t < 5)


def test_the_loss_of_asked_tokens_is_that_of_the_whole_model(tokenizer, patchy, tmp_path):
    settings = changed(SETTINGS, steps=1, warmup_steps=0, decay_steps=0, evaluate_every=1)
    model = new_model(tokenizer)
    history = pretrained(model, patchy, settings, tmp_path)
    windows = masked_windows(patchy, tokenizer, settings.masked_share, seed=1)
    batch = pretraining._Collator(tokenizer, 0.2, 1)(windows)
    with torch.no_grad():
        expected = model(**batch).loss.item()
    assert history["held_out_loss"].iloc[0] == pytest.approx(expected, rel=1e-5)


def test_loss_falls_below_what_frequencies_give(patchy, tokenizer, tmp_path):
    settings = changed(SETTINGS, steps=60, evaluate_every=20, batch_size=32)
    history = pretrained(new_model(tokenizer), patchy, settings, tmp_path)
    assert list(history["step"].dropna())[:3] == [20, 40, 60]
    assert list(history["crops"])[:3] == [640, 1280, 1920]
    loss = history["held_out_loss"].dropna()
    assert loss.iloc[-1] < loss.iloc[0]
    assert loss.iloc[-1] < frequency_loss(patchy, tokenizer, SECTION, seed=1) - 0.4


def test_frequency_loss_is_that_of_a_model_of_frequencies(patchy, tokenizer):
    counts = dict.fromkeys(range(5, len(tokenizer)), 1)
    for index in range(50):
        for token in tokenizer(patchy.crop((1, 1, index)))["input_ids"][1:-1]:
            counts[token] += 1
    total = sum(counts.values()) + 0.0
    asked = [
        label
        for window in masked_windows(patchy, tokenizer, SETTINGS.masked_share, seed=1)
        for label in window["labels"]
        if label != -100
    ]
    expected = sum(-math.log(counts[label] / total) for label in asked) / len(asked)
    assert frequency_loss(patchy, tokenizer, SECTION, seed=1) == pytest.approx(expected)


def weights_after(folder, patchy, tokenizer, settings):
    model = new_model(tokenizer)
    pretrained(model, patchy, settings, folder)
    return model.state_dict()


@pytest.mark.parametrize(
    ("planned", "killed_at", "resumed_to"),
    [
        (30, 17, 30),  # an ordinary kill
        (40, 17, 30),  # made shorter
        (20, 9, 30),  # made longer
        (30, 27, 40),  # made longer when the rate was falling: goes back to before that
    ],
)
def test_a_killed_run_resumes_to_the_same_weights(
    planned, killed_at, resumed_to, patchy, tokenizer, tmp_path, monkeypatch
):
    final = changed(SETTINGS, steps=resumed_to)
    whole = weights_after(tmp_path / "whole", patchy, tokenizer, final)
    read = Crops.__getitem__

    def killed(self, index):
        if index >= killed_at * SETTINGS.batch_size:
            raise KeyboardInterrupt
        return read(self, index)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Crops, "__getitem__", killed)
        weights_after(tmp_path / "killed", patchy, tokenizer, changed(SETTINGS, steps=planned))
    assert list((tmp_path / "killed").glob("checkpoint-*"))
    first_read = []

    def noted(self, index):
        first_read.append(index)
        return read(self, index)

    monkeypatch.setattr(Crops, "__getitem__", noted)
    resumed = weights_after(tmp_path / "killed", patchy, tokenizer, final)
    assert first_read[0] > 0  # or there was nothing to resume
    for name, weight in whole.items():
        torch.testing.assert_close(resumed[name], weight, rtol=0, atol=0)


def test_bfloat16_trains_and_leaves_float32_weights(patchy, tokenizer, tmp_path):
    settings = changed(SETTINGS, precision="bfloat16", steps=15)
    model = new_model(tokenizer)
    history = pretrained(model, patchy, settings, tmp_path / "low")
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    exact_settings = changed(settings, precision="float32")
    exact = pretrained(new_model(tokenizer), patchy, exact_settings, tmp_path / "exact")
    difference = (history["held_out_loss"] - exact["held_out_loss"]).dropna().abs()
    assert 0 < difference.max() < 0.05


def test_float16_is_refused_on_a_cpu():
    check_precision("bfloat16", CPU)
    with pytest.raises(InputError, match="float16 needs a CUDA device"):
        check_precision("float16", CPU)


def test_a_masked_model_of_the_stage_becomes_a_classifier(byte_pairs, tmp_path):
    masked = toy_masked_lm(byte_pairs).float()
    masked.save_pretrained(tmp_path)
    byte_pairs.save_pretrained(tmp_path)
    model = dnalrp.load(tmp_path, num_labels=2)
    for name, weight in masked.bert.state_dict().items():
        assert torch.equal(model.bert.state_dict()[name], weight)
    assert model.config.num_labels == 2 and toy_config().vocab_size == len(model.tokenizer)
