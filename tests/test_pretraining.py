"""Pre-training reads what it may, learns from it, and goes on after a kill as if there was none."""

import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from conftest import random_sequences, toy_config, toy_masked_lm
from sections import changed

import dnalrp
from dnalrp import pretraining
from dnalrp.attribution.targets import MaskedToken
from dnalrp.data.alignment import maf_to_fasta
from dnalrp.data.crop_settings import CropSettings
from dnalrp.data.crops import CropSampler
from dnalrp.data.fasta import read_fasta
from dnalrp.data.nucleotides import reverse_complement
from dnalrp.errors import InputError
from dnalrp.models.device import check_precision
from dnalrp.models.dnabert2 import DnaBert2ForMaskedLM
from dnalrp.models.pretraining_settings import PretrainingSection, PretrainingSteps
from dnalrp.pretraining import (
    Crops,
    frequency_loss,
    masked_windows,
    new_masked_model,
    pretrain,
    train_tokenizer,
)
from dnalrp.settings import check_settings

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
SHIPPED = ROOT / "models/compact"
CPU = torch.device("cpu")
CROPS = CropSettings(length=[20, 30], max_n_share=0.1, reverse_complement=0.5)
SIZE = {
    "vocab_size": 32,
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "hidden_dropout_prob": 0.1,
}
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


def write_fasta(path, records):
    path.write_text("".join(f">r{i}\n{record}\n" for i, record in enumerate(records)))
    return path


@pytest.fixture(scope="module")
def records():
    """Random records, one with long runs of N; no 20 bases occur twice."""
    first, second, third = random_sequences(3, 400, 600, seed=5)
    return [first, second[:150] + "N" * 80 + second[150:250] + "N" * 9 + second[250:], third]


@pytest.fixture(scope="module")
def genome(records, tmp_path_factory):
    path = write_fasta(tmp_path_factory.mktemp("genome") / "genome.fa", records)
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


def places(crop, records):
    """Record and start of a crop on either strand, found by searching."""
    return [
        (index, record.find(strand))
        for index, record in enumerate(records)
        for strand in (crop, reverse_complement(crop))
        if strand in record
    ]


def test_a_crop_is_a_piece_of_one_record_with_few_n(genome, records):
    lengths, strands = set(), set()
    for index in range(300):
        crop = genome.crop((1, index))
        assert places(crop, records)
        assert crop.count("N") <= 0.1 * len(crop)
        lengths.add(len(crop))
        strands.add(any(crop in record for record in records))
    assert lengths == set(range(20, 31))
    assert strands == {True, False}


def test_windows_held_out_are_never_read(genome, records):
    held_out = [places(window, records)[0] for window in genome.held_out()]
    assert len(set(held_out)) == 6
    drawn = [genome.crop((2, index)) for index in range(400)]
    for crop in [*drawn, *genome.held_out()]:
        ((record, start),) = places(crop, records)
        for other, first in held_out:
            apart = record != other or start + len(crop) <= first or first + 30 <= start
            assert apart or (record, start, len(crop)) == (other, first, 30)
    touching = [
        (record, start)
        for record, start in (places(crop, records)[0] for crop in drawn)
        if any(record == other and abs(start - first) < 60 for other, first in held_out)
    ]
    assert touching  # right beside a window is allowed


def test_crops_cover_all_of_the_genome_evenly(genome, records):
    counts = np.zeros(len(records))
    for index in range(600):
        counts[places(genome.crop((3, index)), records)[0][0]] += 1
    free = np.array([len(record) - 25 - 2 * record.count("N") for record in records], float)
    np.testing.assert_allclose(counts / 600, free / free.sum(), atol=0.15)


def test_same_seed_same_crop(genome):
    first = [genome.crop((1, 2, index)) for index in range(20)]
    assert first == [genome.crop((1, 2, index)) for index in range(20)]
    assert first != [genome.crop((2, 2, index)) for index in range(20)]


def test_no_place_for_a_crop_is_said(tmp_path):
    path = write_fasta(tmp_path / "n.fa", ["ACGT" * 4, "N" * 300])
    with pytest.raises(InputError, match="no place for 30 bases in 2 record"):
        CropSampler([path], CROPS, held_out=1, seed=1)


MAF = """##maf version=1
a score=1
s hg19.chr22 100 6 + 5000 AC-GTna
s panTro2.chr22 90 7 + 5000 ACCGTAA

a score=2
s panTro2.chr22 190 2 - 5000 GG
s hg19.chr22 200 2 + 5000 GT
"""


def test_a_row_of_an_alignment_becomes_fasta(tmp_path):
    maf, fasta = tmp_path / "a.maf", tmp_path / "chr22.fa.gz"
    maf.write_text(MAF)
    assert maf_to_fasta(maf, "hg19.chr22", fasta) == 8
    records = [(r.name, r.sequence, r.chrom, r.start) for r in read_fasta(fasta)]
    assert records == [
        ("chr22:100-106", "ACGTNA", "chr22", 100),
        ("chr22:200-202", "GT", "chr22", 200),
    ]


@pytest.mark.parametrize(
    ("text", "source", "message"),
    [
        (MAF, "hg19.chr1", "no row of 'hg19.chr1'"),
        (MAF.replace("100 6", "100 7"), "hg19.chr22", "line 3: says 7 bases and holds 6"),
        (MAF, "panTro2.chr22", "line 7: lies on the reverse strand"),
        (MAF.replace("100 6 +", "100 +"), "hg19.chr22", "line 3: not an 's' line"),
    ],
)
def test_a_wrong_alignment_leaves_nothing(tmp_path, text, source, message):
    (tmp_path / "a.maf").write_text(text)
    with pytest.raises(InputError, match=message):
        maf_to_fasta(tmp_path / "a.maf", source, tmp_path / "out.fa.gz")
    assert [path.name for path in tmp_path.iterdir()] == ["a.maf"]


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
    check_settings(with_pretraining(), SCHEMA)
    check_settings(with_pretraining(["pretraining"], None), SCHEMA)
    check_settings(with_pretraining(["models", "dnabert2", "pretrained"], "pretraining"), SCHEMA)


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
        check_settings(with_pretraining(keys, value), SCHEMA)


def test_pretrained_from_a_stage_that_is_not_there_is_refused():
    settings = with_pretraining(["models", "dnabert2", "pretrained"], "pretraining")
    del settings["pretraining"]
    with pytest.raises(InputError, match=r"models.dnabert2.pretrained: .* section .* not there"):
        check_settings(settings, SCHEMA)


def snakemake(folder, *arguments):
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)


def test_the_stage_writes_a_model_that_training_starts_from(tmp_path):
    for part in ("rules", "workflow", "src", "envs", "config", "profiles"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    for part in ("Snakefile", "config.yaml"):
        shutil.copy(ROOT / part, tmp_path)
    settings = yaml.safe_load((ROOT / "config/pretraining.yaml").read_text())
    stage = settings["pretraining"]
    write_fasta(tmp_path / "genome.fa", random_sequences(3, 400, 600))
    stage |= {"genomes": [{"fasta": "genome.fa", "source": "random"}], "held_out": 4}
    stage |= {"crops": CROPS._asdict() | {"length": [20, 30]}, "tokenizer_crops": 20}
    stage |= {"max_token_length": 4, "size": SIZE | {"hidden_dropout_prob": 0.1}}
    stage["training"] |= {"steps": 4, "evaluate_every": 2, "warmup_steps": 1, "decay_steps": 2}
    settings["models"] = {"dnabert2": {"pretrained": "pretraining"}}
    (tmp_path / "toy.yaml").write_text(yaml.safe_dump(settings))
    toy = ("--configfile", "toy.yaml")
    result = snakemake(tmp_path, *toy, "--", "pretrain")
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    folder = tmp_path / "results/pretrained/compact"
    files = {"model.safetensors", "config.json", "tokenizer.json", "history.tsv", "README.md"}
    assert files | {"history.png", "provenance.json"} <= {path.name for path in folder.iterdir()}
    assert dnalrp.load(folder, num_labels=2).config.hidden_size == 32
    assert not list((tmp_path / "results/checkpoints").rglob("checkpoint-*"))
    again = snakemake(tmp_path, *toy, "-n", "--", "pretrain")
    assert "Nothing to be done" in again.stdout + again.stderr
    shutil.rmtree(folder)
    planned = snakemake(tmp_path, *toy, "-n", "--until", "train")
    jobs = [line.split() for line in (planned.stdout + planned.stderr).splitlines()]
    assert ["pretrain", "1"] in jobs and ["train", "4"] in jobs
