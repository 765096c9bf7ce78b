"""dnalrp init: from flags and from answers at a terminal."""

from pathlib import Path

import pytest
import yaml
from conftest import random_sequences
from typist import Typist

from dnalrp.command import main
from dnalrp.settings import read_configuration

ROOT = Path(__file__).parents[2]


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
