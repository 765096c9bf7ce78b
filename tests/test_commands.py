"""The command line: what it writes, what it prints where, and how it ends."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pyBigWig
import pytest
import yaml
from conftest import random_sequences
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForSequenceClassification

import dnalrp
from dnalrp.command import COMMANDS, main
from dnalrp.commands import fetch
from dnalrp.commands.options import method_choice
from dnalrp.commands.simulate import DEFAULTS, section_of
from dnalrp.commands.table import print_table
from dnalrp.data.fasta import read_fasta
from dnalrp.data.nucleotides import reverse_complement
from dnalrp.data.table import read_table
from dnalrp.errors import InputError
from dnalrp.settings import read_configuration

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"


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


def test_help_of_every_command_has_examples(capsys):
    for name in COMMANDS:
        with pytest.raises(SystemExit) as end:
            main([name, "--help"])
        assert end.value.code == 0
        assert f"dnalrp {name}" in capsys.readouterr().out.split("examples:")[1]


@pytest.mark.parametrize(
    "arguments", [[], ["explian"], ["fetch"], ["fetch", "hg83"], ["explain", "m", "--out", "o"]]
)
def test_a_mistake_ends_with_2_and_no_traceback(arguments, capsys):
    try:
        status = main(arguments)
    except SystemExit as end:
        status = end.code
    assert status == 2
    assert "dnalrp" in capsys.readouterr().err


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
        ("chr1\t1\t500", "line 1: end 500 is beyond chr1 of"),
        ("chr1\tone\t5", "line 1: "),
        ("# nothing", "no interval"),
        ("chr1\t1\t5\nchr1\t1\t5", "'chr1:1-5(+)' occurs twice"),
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


FLAGS = ["--motifs", "MA0139", "--decoys", "MA0112"]


def test_near_copies_are_simulated_alike_from_flags_and_from_a_configuration(tmp_path, capsys):
    settings = yaml.safe_load((ROOT / "config.yaml").read_text())
    dataset = settings["datasets"]["implant"] | {"grammar": "decoy", "mutations": 3, "seed": 1}
    dataset |= {"motifs": ["MA0139"], "decoys": ["MA0112"]}
    dataset["sequences"] = dict.fromkeys(("train", "dev", "test"), 8)
    settings["datasets"] = {"near": dataset, "oct4_mafk": None}  # null: left out
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    counts = ["--train", "8", "--dev", "8", "--test", "8"]
    given = {
        "config": ["--config", str(tmp_path / "config.yaml"), "--dataset", "near"],
        "flags": [*FLAGS, "--grammar", "decoy", "--mutations", "3", *counts],
        "other": [*FLAGS, "--grammar", "decoy", "--mutations", "2", *counts],
    }
    texts = {}
    for name, arguments in given.items():
        assert main(["simulate", *arguments, "--out", str(tmp_path / name)]) == 0
        texts[name] = pd.read_parquet(tmp_path / name / "sequences.parquet")["sequence"].tolist()
    assert texts["config"] == texts["flags"] != texts["other"]


def test_simulate_from_flags_and_from_a_configuration_agree(tmp_path, capsys):
    settings = yaml.safe_load((ROOT / "config.yaml").read_text())
    dataset = settings["datasets"]["implant"]
    dataset["sequences"] = {"train": 8, "dev": 4, "test": 6}
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    counts = ["--train", "8", "--dev", "4", "--test", "6", "--seed", str(dataset["seed"])]
    given = {
        "config": ["--config", str(tmp_path / "config.yaml"), "--dataset", "implant"],
        "flags": ["--motifs", *dataset["motifs"], "--decoys", *dataset["decoys"], *counts],
    }
    for name, arguments in given.items():
        assert main(["simulate", *arguments, "--out", str(tmp_path / name), "--json"]) == 0
        rows = json.loads(capsys.readouterr().out)
        assert [(row["split"], row["sequences"], row["positive"]) for row in rows] == [
            *(("train", 8, 4), ("dev", 4, 2), ("test", 6, 3))
        ]
    first, second = (
        pd.read_parquet(tmp_path / name / "sequences.parquet") for name in ("config", "flags")
    )
    pd.testing.assert_frame_equal(first, second)
    records = read_fasta(tmp_path / "flags/sequences.fa")
    assert [record.sequence for record in records] == second["sequence"].tolist()
    assert len(pd.read_parquet(tmp_path / "flags/sites.parquet")) >= 18


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give --motifs and --decoys"),
        (["--motifs", "MA9999", "--decoys", "MA0112"], "'MA9999' is not in JASPAR2026"),
        (
            ["--motifs", "MA0139", "--decoys", "MA0112", "--grammar", "nor"],
            "--grammar nor: choose one",
        ),
        (["--motifs", "MA0139", "--decoys", "MA0112", "--sites", "3", "1"], "--sites: from 3 to 1"),
        ([*FLAGS, "--motifs", "MA0139", "MA0139"], "--motifs: MA0139 is given twice"),
        ([*FLAGS, "--grammar", "decoy"], "--grammar decoy: needs --mutations"),
        ([*FLAGS, "--jaspar", "JASPAR1999"], "no release 'JASPAR1999'; choose one of JASPAR2026"),
        ([*FLAGS, "--gc", "nan"], "--gc nan: give a share between 0 and 1"),
        ([*FLAGS, "--train", "1"], "--train 1: give 4 or more"),
        ([*FLAGS, "--length", "1"], "--length 1: give 20 or more"),
        ([*FLAGS, "--sites", "0", "1"], "--sites 0: give 1 or more"),
        ([*FLAGS, "--mutations", "0"], "--mutations 0: give 1 or more"),
        ([*FLAGS, "--decoys", "MA0139"], "--decoys: MA0139 is also a motif"),
        ([*FLAGS, "--grammar", "xor"], "--grammar: 'xor' needs two motifs"),
        ([*FLAGS, "--seed", "-1"], "--seed -1: give 0 or more"),
        (["--config", "none.yaml", "--length", "9"], "--length: --config has its own"),
        (["--config", "none.yaml", "--dataset", "a"], "none.yaml: no such file"),
    ],
)
def test_simulate_names_the_mistake(arguments, message, tmp_path, capsys):
    assert main(["simulate", *arguments, "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_simulated_table_has_every_motif_as_a_label(tmp_path):
    flags = ["--motifs", "MA0139", "MA0106.3", "--decoys", "MA0112", "--sites", "1", "4"]
    counts = ["--train", "30", "--dev", "10", "--test", "10"]
    assert main(["simulate", *flags, *counts, "--table", "--out", str(tmp_path)]) == 0
    sites = pd.read_parquet(tmp_path / "sites.parquet")
    table = pd.read_csv(tmp_path / "table.csv")
    assert list(table) == ["id", "sequence", "split", "CTCF", "TP53"]
    for name, base in (("CTCF", "MA0139."), ("TP53", "MA0106.")):
        holding = set(sites.loc[sites["motif"].str.startswith(base), "id"])
        assert set(table.loc[table[name] == 1, "id"]) == holding
    names = ["CTCF", "TP53"]
    read = read_table(tmp_path / "table.csv", 2, (200, 200), ["split"], several_labels=names)
    sequences = pd.read_parquet(tmp_path / "sequences.parquet")
    assert (read["label"].map(len) > 0).tolist() == (sequences["label"] == 1).tolist()
    assert (read["label"].map(len) == 2).any()
    pd.testing.assert_frame_equal(read[["id", "sequence"]], sequences[["id", "sequence"]])


def test_tables_for_people_are_aligned(capsys):
    table = pd.DataFrame({"id": ["a", "x" * 5000], "value": [1, 0.12345], "note": [None, "no"]})
    print_table(table, as_json=False)
    head, first, second = capsys.readouterr().out.splitlines()
    assert second == f"{'x' * 97}...  0.123 no"
    assert first == f"a{' ' * 105}1"
    assert head == f"id{' ' * 100}value note"
    print_table(table, as_json=True)
    assert json.loads(capsys.readouterr().out)[1]["id"] == "x" * 5000


def test_fetch_lists_what_is_known(capsys):
    assert main(["fetch", "--list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["janggu"]["sha256"] and rows["hg38"]["sha256"] is None and rows["hg38"]["note"]
    assert main(["fetch", "--list"]) == 0
    assert "hg38" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [["fetch", "hg38", "--to"], ["report", ".", "--config", "CONFIG", "--out"]]
)
def test_a_file_in_the_place_of_the_folder_is_named(arguments, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    arguments = [text.replace("CONFIG", str(ROOT / "config.yaml")) for text in arguments]
    assert main([*arguments, str(tmp_path / "file/x")]) == 2
    assert "file is a file; give another folder" in capsys.readouterr().err


def test_fetch_from_a_mirror_on_trust_says_what_to_pin(tmp_path, capsys):
    (tmp_path / "sacCer3.fa.gz").write_bytes(gzip.compress(b">chrI\nACGT\n", mtime=0))
    out = tmp_path / "out"
    arguments = ["fetch", "sacCer3", "--to", str(out), "--mirror", str(tmp_path), "--offline"]
    assert main(arguments) == 2
    assert "no SHA-256 is known" in capsys.readouterr().err
    assert main([*arguments, "--trust-first", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["path"] == str(out / "sacCer3.fa.gz")
    assert main([*arguments[:3], str(out / "other"), "--offline", "--trust-first"]) == 2
    assert "sacCer3.fa.gz: wanted, but offline" in capsys.readouterr().err


def written_peaks(folder, name, seed):
    path = folder / f"{name}.fa"
    texts = random_sequences(4, 60, 60, seed=seed)
    records = (f">chr{i}:{100 * seed}-{100 * seed + 60}\n{t}\n" for i, t in enumerate(texts))
    path.write_text("".join(records))
    return str(path)


@pytest.fixture
def class_flags(tmp_path):
    weak, strong = (written_peaks(tmp_path, name, i) for i, name in enumerate(("weak", "strong")))
    flags = ["--class", f"weak={weak}", "--class", f"strong={strong}", "--motif", "strong=MA0142"]
    return ["init", *flags, "--dev", "chr1", "--test", "chr2", "chr3"]


def test_init_writes_a_commented_and_valid_configuration(class_flags, tmp_path, capsys):
    path = tmp_path / "mine.yaml"
    flags = ["--name", "tissue", "--pretrained", "zhihan1996/DNABERT-2-117M", "--gpu"]
    assert main([*class_flags, *flags, "--out", str(path), "--project", str(ROOT)]) == 0
    text = path.read_text()
    assert "# " in text and "zhihan1996" in text
    settings = yaml.safe_load(text)
    default = yaml.safe_load((ROOT / "config.yaml").read_text())
    assert {name for name, own in settings["datasets"].items() if own} == {"tissue"}
    assert settings["datasets"]["implant"] is None, "laid over config.yaml it leaves its own out"
    assert settings["gpu"] is True
    assert settings["models"]["dnabert2"].pop("pretrained") == "zhihan1996/DNABERT-2-117M"
    default["models"]["dnabert2"].pop("pretrained")
    assert settings["datasets"]["tissue"]["lengths"] == [60, 60]
    for key in set(default) - {"datasets", "gpu"}:
        assert settings[key] == default[key]
    settings["datasets"] = {"tissue": settings["datasets"]["tissue"]}
    settings["models"]["dnabert2"]["pretrained"] = None
    read_configuration(settings)
    assert settings["datasets"]["tissue"]["splits"] == {"dev": ["chr1"], "test": ["chr2", "chr3"]}


def test_init_never_writes_over_a_file_unless_told(class_flags, tmp_path, capsys):
    path = tmp_path / "mine.yaml"
    path.write_text("mine\n")
    arguments = [*class_flags, "--out", str(path), "--project", str(ROOT)]
    assert main(arguments) == 2
    assert "is there already" in capsys.readouterr().err
    assert path.read_text() == "mine\n"
    assert main([*arguments, "--force"]) == 0
    assert "datasets:" in path.read_text()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["--motif", "stronk=MA0142"], "--motif stronk: no class has this name"),
        (["--motif", "weak=MA9999"], "no matrix 'MA9999'"),
        (["--class", "third=gone.fa"], "gone.fa: no such file"),
        (["--class", "third"], "--class third: write NAME=FILE,FILE"),
        (["--motif", "weak"], "write NAME=VALUE,VALUE"),
        (["--dev", "chr2"], "chr2 is in dev and test"),
    ],
)
def test_init_checks_before_it_writes(change, message, class_flags, tmp_path, capsys):
    path = tmp_path / "mine.yaml"
    arguments = [*class_flags, *change, "--out", str(path), "--project", str(ROOT)]
    assert main(arguments) == 2
    assert message in capsys.readouterr().err
    assert not path.exists()


def test_init_asks_on_a_terminal(tmp_path, capsys, monkeypatch):
    weak, strong = (written_peaks(tmp_path, name, i) for i, name in enumerate(("weak", "strong")))
    answers = iter(["", "", "", "weak", weak, "", "strong", strong, "MA0142", "chr1", "chr2"])
    monkeypatch.setattr("sys.stdin", Typist(answers))
    path = tmp_path / "mine.yaml"
    assert main(["init", "--out", str(path), "--project", str(ROOT)]) == 0
    dataset = yaml.safe_load(path.read_text())["datasets"]["mine"]
    assert [entry["motifs"] for entry in dataset["classes"]] == [[], ["MA0142"]]
    assert dataset["splits"] == {"dev": ["chr1"], "test": ["chr2"]}
    assert "name of class 0 [class0]" in capsys.readouterr().err


class Typist:
    """A terminal at which somebody types these lines."""

    def __init__(self, answers):
        self.answers = answers

    def isatty(self):
        return True

    def readline(self):
        return next(self.answers) + "\n"


def test_report_of_what_is_no_run_is_refused(tmp_path, capsys):
    assert main(["report", str(tmp_path / "gone")]) == 2
    assert "gone: no such folder" in capsys.readouterr().err
    assert main(["report", str(tmp_path), "--config", str(tmp_path / "gone.yaml")]) == 2
    assert "gone.yaml: no such file" in capsys.readouterr().err
    assert main(["report", str(tmp_path)]) == 2
    assert "holds no settings of a run" in capsys.readouterr().err
    arguments = ["report", str(tmp_path), "--config", str(ROOT / "config.yaml")]
    assert main(arguments) == 2
    assert "metrics.tsv: is missing" in capsys.readouterr().err


def test_report_prints_its_table_as_markdown(tmp_path, capsys):
    columns = ["dataset", "model", "method", "level", "map", "axis", "metric", "mean"]
    rows = [
        ("set", "net", method, "nucleotide", "split", "localisation", "auroc", mean)
        for method, mean in (("a", 0.25), ("b", 0.75))
    ]
    overall = pd.DataFrame(rows, columns=columns).assign(low=None, high=None)
    overall.to_csv(tmp_path / "overall.tsv", sep="\t", index=False)
    assert main(["report", str(tmp_path), "--table"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "| dataset | model | level | map | method | AUROC |",
        "| --- | --- | --- | --- | --- | --- |",
        "| set | net | nucleotide | split | a | 0.250 |",
        "| set | net | nucleotide | split | b | **0.750** |",
    ]
    (tmp_path / "overall.tsv").unlink()
    assert main(["report", str(tmp_path), "--table"]) == 2
    assert "overall.tsv: is missing" in capsys.readouterr().err


def test_an_interrupt_ends_with_130_and_no_traceback(monkeypatch, capsys):
    def interrupted(options):
        raise KeyboardInterrupt

    monkeypatch.setattr(fetch, "run", interrupted)
    assert main(["fetch", "--list"]) == 130
    assert capsys.readouterr().err == "dnalrp: interrupted\n"


def test_terminated_it_leaves_nothing_half_written(tmp_path):
    """As when a scheduler ends the job: through a process of its own."""
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from dnalrp.command import main\n"
        "from dnalrp.commands import fetch\n"
        "from dnalrp.provenance import written_whole\n"
        "def run(options):\n"
        "    with written_whole('out') as beside:\n"
        "        print(beside.name, flush=True)\n"
        "        time.sleep(60)\n"
        "fetch.run = run\n"
        "sys.exit(main(['fetch']))\n"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stdout is not None
        assert (tmp_path / process.stdout.readline().strip()).exists()
        process.terminate()
    assert process.returncode == 143 and not list(tmp_path.iterdir())


def test_a_reader_that_goes_away_is_no_error():
    """As in `dnalrp fetch --list | head -0`, through a process of its own."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "dnalrp.command", "fetch", "--list", "--json"]
    result = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (result.returncode, result.stderr) == (141, "")


def test_run_hands_everything_that_it_does_not_know_to_snakemake(tmp_path, monkeypatch):
    calls = []

    def become(program, command):
        calls.append(command)
        raise SystemExit

    monkeypatch.setattr(os, "execv", become)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").touch()
    start = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile")]
    given = {
        ("-n",): ["--cores", "1", "-n"],
        ("tracks", "--cores", "4"): ["--cores", "4", "tracks"],
        ("-j", "3", "--forceall"): ["-j", "3", "--forceall"],
        ("--workflow-profile=slurm",): ["--workflow-profile=slurm"],
        ("--config", "gpu=true"): ["--cores", "1", "--config", "gpu=true"],
        ("--configfile", "mine.yaml", "-n", "tracks"): [
            *("--cores", "1", "--configfile", "mine.yaml", "-n", "tracks")
        ],
        ("--configfile", "mine.yaml", "tracks"): [
            *("--cores", "1", "--configfile", "mine.yaml", "--", "tracks")
        ],
        ("--configfile", "mine.yaml", "--configfile", "config/grammar.yaml"): [
            *("--cores", "1", "--configfile", "mine.yaml", str(ROOT / "config/grammar.yaml"))
        ],
    }
    for arguments, expected in given.items():
        with pytest.raises(SystemExit):
            main(["run", *arguments])
        assert calls.pop() == start + expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--configfile", "gone.yaml"], "gone.yaml: no such file; write one with dnalrp init"),
        (["--cores", "0"], "--cores 0: give a number of 1 or more"),
        (["--cores", "two"], "--cores two: give a number"),
    ],
)
def test_run_names_the_mistake(arguments, message, capsys):
    assert main(["run", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_other_commands_take_no_arguments_that_they_do_not_know(capsys):
    with pytest.raises(SystemExit) as end:
        main(["verify", "model", "--cores", "2"])
    assert end.value.code == 2 and "unrecognized arguments: --cores 2" in capsys.readouterr().err


def test_the_installed_command_is_this_one():
    script = Path(sys.executable).with_name("dnalrp")
    if not script.is_file():
        pytest.skip("the package is not installed")
    result = subprocess.run(
        [script, "fetch", "--list"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0 and "janggu" in result.stdout


@pytest.mark.parametrize(
    ("given", "alibi", "message"),
    [
        (["alibi=ignore"], None, "--option attnlrp.alibi: 'ignore' is not one of the choices"),
        ([], "ignore", "--option attnlrp.alibi: 'ignore' is not one of the choices"),
        (["alibbi=absorb"], None, "--option attnlrp: unknown setting 'alibbi'; did you mean"),
        (["alibi"], None, "--option alibi: write NAME=VALUE"),
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


def test_the_defaults_of_simulate_are_a_section_of_the_settings():
    section, release = section_of({**DEFAULTS, "motifs": ["MA0139"], "decoys": ["MA0112"]})
    assert (section.length, section.sequences.train, release) == (200, 3200, "JASPAR2026")


def test_a_command_takes_extensions(tmp_path, capsys):
    path = tmp_path / "broken_extension_of_commands.py"
    path.write_text("raise KeyError('no')")
    assert main(["simulate", "--extension", str(path), "--out", str(tmp_path / "out")]) == 2
    assert "broken_extension_of_commands.py fails (KeyError: 'no')" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])
    assert f"usage: dnalrp {command}" in capsys.readouterr().out
