"""dnalrp explain: what it writes, and what it refuses."""

import json

import h5py
import numpy as np
import pandas as pd
import pyBigWig
import pytest
from conftest import random_sequences
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForSequenceClassification

import dnalrp
from dnalrp.command import main
from dnalrp.commands.options import method_choice
from dnalrp.data.nucleotides import reverse_complement
from dnalrp.errors import InputError


@pytest.fixture
def model_folder(dnabert2, tmp_path):
    folder = tmp_path / "model"
    dnabert2.float().save_pretrained(folder)
    dnabert2.tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def genome(tmp_path):
    path = tmp_path / "genome.fa"
    chromosomes = dict(zip(("chr1", "chr2"), random_sequences(2, 300, 300), strict=True))
    path.write_text("".join(f">{name}\n{text}\n" for name, text in chromosomes.items()))
    return path, chromosomes


def test_explain_fasta_agrees_with_the_library(model_folder, tmp_path, capsys):
    texts = random_sequences(3)
    (tmp_path / "a.fa").write_text("".join(f">s{i}\n{t}\n" for i, t in enumerate(texts)))
    out = tmp_path / "out"
    arguments = ["--fasta", str(tmp_path / "a.fa"), "--out", str(out), "--target", "0", "--json"]
    assert main(["explain", str(model_folder), *arguments]) == 0
    captured = capsys.readouterr()
    rows = json.loads(captured.out)  # nothing but the table: bars go elsewhere
    assert "attnlrp" in captured.err
    maps = dnalrp.explain(dnalrp.load(model_folder), texts, target=0, progress=False)
    assert [row["id"] for row in rows] == ["s0", "s1", "s2"]
    assert [row["output"] for row in rows] == pytest.approx(maps.outputs.tolist(), rel=1e-5)
    with h5py.File(out / "attnlrp.split.h5") as file:
        np.testing.assert_allclose(file["relevance"][:], maps.nucleotides(), atol=1e-5)
        assert json.loads(file.attrs["provenance"])["settings"]["method"] == "attnlrp"
    table = pd.read_csv(out / "attnlrp.maps.tsv.gz", sep="\t")
    assert len(table) == sum(map(len, texts))
    assert not list(out.glob("*.bigWig")), "no coordinates are known"


def test_explain_bed_and_fasta_of_the_same_places_agree(model_folder, genome, tmp_path, capsys):
    path, chromosomes = genome
    (tmp_path / "a.bed").write_text("chr2\t50\t90\ta\t0\t-\nchr1\t10\t60\tb\t0\t+\n")
    places = [("chr2", 50, 90, "-"), ("chr1", 10, 60, "+")]
    with (tmp_path / "a.fa").open("w") as file:
        for chrom, start, end, strand in places:
            text = chromosomes[chrom][start:end]
            text = reverse_complement(text) if strand == "-" else text
            file.write(f">{chrom}:{start}-{end}({strand})\n{text}\n")
    given = {
        "bed": ["--bed", str(tmp_path / "a.bed"), "--genome", str(path)],
        "fasta": ["--fasta", str(tmp_path / "a.fa")],
    }
    signals = {}
    for name, arguments in given.items():
        out = tmp_path / name
        method = ["--method", "gradient_x_input", "--out", str(out)]
        assert main(["explain", str(model_folder), *arguments, *method]) == 0
        with pyBigWig.open(str(out / "gradient_x_input.bigWig")) as file:
            signals[name] = file.values("chr1", 10, 60) + file.values("chr2", 50, 90)
            assert file.chroms()["chr1"] == (300 if name == "bed" else 60)
        assert (out / "gradient_x_input.igv.xml").is_file()
    assert signals["bed"] == signals["fasta"]
    assert len(set(signals["bed"])) > 10


def test_tracks_name_chromosomes_as_the_bed_file_does(model_folder, genome, tmp_path):
    path, _ = genome
    path.write_text(path.read_text().replace(">chr", ">"))  # 1 and 2, as Ensembl names them
    (tmp_path / "a.bed").write_text("chr2\t50\t90\nchr2\t10\t60\n")
    given = ["--bed", str(tmp_path / "a.bed"), "--genome", str(path), "--method", "random"]
    assert main(["explain", str(model_folder), *given, "--out", str(tmp_path / "maps")]) == 0
    with pyBigWig.open(str(tmp_path / "maps/random.bigWig")) as file:
        assert file.chroms() == {"1": 300, "chr2": 300}
    assert 'locus="chr2:' in (tmp_path / "maps/random.igv.xml").read_text()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("chr3\t1\t5", "line 1: chromosome 'chr3' is not in"),
        ("chr1\t1\t500", "line 1: chr1:1-500 ends after the chromosome"),
        ("chr1\tone\t5", "line 1: "),
        ("# nothing", "no interval"),
    ],
)
def test_wrong_intervals_are_named(line, message, genome, tmp_path, capsys):
    (tmp_path / "a.bed").write_text(line + "\n")
    arguments = ["--bed", str(tmp_path / "a.bed"), "--genome", str(genome[0])]
    assert main(["explain", "model", *arguments, "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_method_that_does_not_fit_lists_those_that_do(model_folder, tmp_path, capsys):
    (tmp_path / "a.fa").write_text(">a\nACGTACGT\n")
    arguments = ["--fasta", str(tmp_path / "a.fa"), "--out", str(tmp_path / "out")]
    assert main(["explain", str(model_folder), *arguments, "--method", "lrp"]) == 2
    assert "choose one of attnlrp, cp_lrp" in capsys.readouterr().err
    assert not list(tmp_path.glob("out/*.h5"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--out", "FASTA"], "is a file; give another folder"),
        (["--out", "FASTA/maps"], "is a file; give another folder"),
        (["--genome", "FASTA"], "--genome: goes with --bed"),
        (
            ["--method", "attnlrp_randomised"],
            "only the workflow makes this control; name",
        ),
        (["--target", "7"], "target 7 does not exist: the model has classes 0 to 1"),
        (["--target", "Oct4"], "target 'Oct4' does not exist"),
        (["--batch-size", "0"], "batch_size 0: give 1 or more"),
    ],
)
def test_a_mistake_in_explain_leaves_no_folder(change, message, model_folder, tmp_path, capsys):
    fasta = tmp_path / "a.fa"
    fasta.write_text(">a\nACGTACGT\n")
    change = [text.replace("FASTA", str(fasta)) for text in change]
    arguments = ["--fasta", str(fasta), "--out", str(tmp_path / "out"), *change]
    assert main(["explain", str(model_folder), *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err and not captured.out
    assert {path.name for path in tmp_path.iterdir()} == {"a.fa", "model"}


def test_explain_refuses_a_classifier_that_is_new(model_folder, tmp_path, capsys):
    weights = load_file(model_folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if not name.startswith("classifier")}
    save_file(kept, model_folder / "model.safetensors", {"format": "pt"})
    (tmp_path / "a.fa").write_text(">a\nACGTACGT\n")
    arguments = ["--fasta", str(tmp_path / "a.fa"), "--out", str(tmp_path / "out")]
    assert main(["explain", str(model_folder), *arguments]) == 2
    assert "has no classifier, 'classifier.bias' is missing" in capsys.readouterr().err


def test_explain_takes_the_first_method_of_any_architecture(byte_pairs, tmp_path, capsys):
    sizes = {"hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 16}
    bert = BertForSequenceClassification(BertConfig(vocab_size=64, num_hidden_layers=1, **sizes))
    bert.save_pretrained(tmp_path / "bert")
    byte_pairs.save_pretrained(tmp_path / "bert")
    (tmp_path / "a.fa").write_text(">a\nACGTACGT\n")
    arguments = ["--fasta", str(tmp_path / "a.fa"), "--out", str(tmp_path / "out")]
    assert main(["explain", str(tmp_path / "bert"), *arguments]) == 0
    assert (tmp_path / "out/attnlrp.h5").is_file()


@pytest.mark.parametrize(
    ("given", "alibi", "message"),
    [
        (["alibi=ignore"], None, "--option attnlrp.alibi: 'ignore' is not one of the choices"),
        ([], "ignore", "--option attnlrp.alibi: 'ignore' is not one of the choices"),
        (["alibbi=absorb"], None, "--option attnlrp: unknown setting 'alibbi'; did you mean"),
        (["alibi"], None, "--option alibi: write NAME=VALUE"),
        (["alibi=absorb", "alibi=uniform"], None, "alibi=uniform: alibi is given twice"),
        (["alibi=absorb"], "uniform", "alibi=absorb: alibi is given twice"),
    ],
)
def test_an_option_that_a_method_does_not_take_is_named(given, alibi, message):
    with pytest.raises(InputError, match=message):
        method_choice("attnlrp", given, {"alibi": alibi})


def test_options_of_a_method_are_given_by_name():
    assert method_choice("attnlrp", [], {"alibi": "identity"}).options.alibi == "identity"
    assert method_choice("integrated_gradients", ["steps=7"]).options.steps == 7
    assert not method_choice("saliency", [], {"alibi": "identity"}).options.model_fields_set
    assert method_choice("unknown", ["a=1"]).method == "unknown"
