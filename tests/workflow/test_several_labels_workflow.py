"""A table of several labels through the whole workflow: one model, then every label on its own."""

import json

import h5py
import numpy as np
import pandas as pd
import pytest
import yaml
from tiny import copied_project, planned_rules, shows_motifs, snakemake

from dnalrp.command import main
from dnalrp.models.loading import load
from dnalrp.models.prediction import predict

pytestmark = pytest.mark.slow

WORDS = {"bZIP": "AAAATGCTGACTCAGCA", "other": "CTTTGTTATGCAAAT"}


def write_table(path, count=120):
    """Sequences that hold both words, one, or none, and say so; every fifth is dev, then test."""
    rng = np.random.default_rng(0)
    rows = ["sequence,bZIP,other,split"]
    for index in range(count):
        sequence = "".join(rng.choice(list("ACGT"), size=80))
        on = [index % 2, index // 2 % 2]
        for place, word, held in zip((10, 50), WORDS.values(), on, strict=True):
            if held:
                sequence = sequence[:place] + word + sequence[place + len(word) :]
        split = {3: "dev", 4: "test"}.get(index // 4 % 5, "train")
        rows.append(f"{sequence},{on[0]},{on[1]},{split}")
    path.write_text("\n".join([*rows, ""]))


def configuration(folder):
    settings = copied_project(folder)
    write_table(folder / "table.csv")
    settings["datasets"] = {
        "marks": {
            "source": "table",
            "files": {"all": "table.csv"},
            "splits": {"column": "split"},
            "several_labels": True,
            "classes": [{"name": "bZIP", "motifs": ["MA0495"]}, {"name": "other", "motifs": []}],
            "lengths": [80, 80],
            "site_p_value": 0.0001,
        }
    }
    settings["models"]["cnn"]["training"]["class_weights"] = "balanced"
    settings["attribute"]["methods"] = {"dnabert2": ["attnlrp", "random"], "cnn": ["lrp", "random"]}
    settings["attribute"]["segmentations"] = None
    settings["evaluate"]["faithfulness"] |= {"sequences": 4, "range_sequences": 0}
    settings["evaluate"]["robustness"]["sequences"] = 0
    return settings


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("several_labels")
    settings = configuration(folder)
    (folder / "config.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    result = snakemake(folder)
    assert result.returncode == 0, result.stdout[-5000:] + result.stderr[-5000:]
    return folder


def test_labels_are_lists_until_each_is_a_data_set(project):
    data = project / "results/data"
    whole = pd.read_parquet(data / "marks/sequences.parquet")
    table = pd.read_csv(project / "table.csv")
    for number, name in enumerate(WORDS):
        own = pd.read_parquet(data / f"marks.{name}/sequences.parquet")
        assert own["label"].tolist() == [int(number in on) for on in whole["label"]]
        assert own["label"].tolist() == table[name].tolist()
        assert own.drop(columns="label").equals(whole.drop(columns="label"))
    sites = pd.read_parquet(data / "marks.bZIP/sites.parquet")
    on = whole.loc[[0 in own for own in whole["label"]], "id"]
    assert set(sites.loc[sites["role"] == "motif", "id"]) == set(on)
    other = pd.read_parquet(data / "marks.other/sites.parquet")
    assert len(other) == len(sites) and set(other["role"]) == {"other label"}
    assert not pd.read_parquet(data / "marks.bZIP/scan.parquet").empty
    assert pd.read_parquet(data / "marks.other/scan.parquet").empty


@pytest.mark.parametrize("model", ["dnabert2", "cnn"])
def test_a_label_s_model_is_the_whole_one_cut_to_it(project, model):
    models = project / "results/models"
    whole = load(models / "marks" / model / "seed1")
    assert whole.config.problem_type == "multi_label_classification"
    assert whole.config.id2label == {0: "bZIP", 1: "other"}
    table = pd.read_parquet(models / "marks" / model / "seed1/predictions.parquet")
    texts = pd.read_parquet(project / "results/data/marks/sequences.parquet")
    texts = texts.set_index("id").loc[table["id"], "sequence"].tolist()
    performance = []
    for number, name in enumerate(WORDS):
        folder = models / f"marks.{name}" / model / "seed1"
        own = load(folder)
        assert own.config.id2label == {0: f"not {name}", 1: name}
        logits = predict(whole, texts)[:, number]
        np.testing.assert_allclose(predict(own, texts) @ [-1, 1], logits, rtol=1e-5, atol=1e-5)
        predictions = pd.read_parquet(folder / "predictions.parquet")
        assert predictions["id"].tolist() == table["id"].tolist()
        np.testing.assert_array_equal(predictions["margin"], table[f"logit_{number}"])
        assert (folder / "history.tsv").read_text()
        assert json.loads((folder / "provenance.json").read_text())["stage"] == "label"
        performance.append(pd.read_csv(folder / "performance.tsv", sep="\t", index_col=0))
    mean = pd.read_csv(models / "marks" / model / "seed1/performance.tsv", sep="\t", index_col=0)
    pd.testing.assert_frame_equal(sum(performance) / 2, mean)


def test_explanations_are_of_the_label_s_logit(project):
    whole = pd.read_parquet(project / "results/models/marks/cnn/seed1/predictions.parquet")
    for number, name in enumerate(WORDS):
        with h5py.File(project / f"results/attributions/marks.{name}/cnn/seed1/lrp.h5") as file:
            outputs = pd.Series(file["outputs"][:], file["id"].asstr()[:])
        logits = whole.set_index("id")[f"logit_{number}"]
        np.testing.assert_allclose(outputs, logits[outputs.index], rtol=1e-4, atol=1e-4)


def test_every_label_is_in_every_table_and_the_whole_in_none(project):
    results = project / "results"
    names = {f"marks.{name}" for name in WORDS}
    for table in ("metrics", "overall", "performance"):
        assert set(pd.read_csv(results / f"{table}.tsv", sep="\t")["dataset"]) == names
    recovery = pd.read_csv(results / "recovery.tsv", sep="\t")
    assert set(recovery["dataset"]) == {"marks.bZIP"} and set(recovery["sign"]) == {"positive"}
    metrics = pd.read_csv(results / "metrics.tsv", sep="\t")
    localised = metrics.loc[metrics["metric"] == "mass_accuracy", "dataset"]
    assert set(localised) == {"marks.bZIP"}
    assert {"faithfulness", "similarity", "ledger"} <= set(metrics["axis"])


def test_the_report_says_what_a_label_s_name_is_and_is_written_again_by_the_command(
    project, tmp_path
):
    page = (project / "results/report/index.html").read_text()
    assert "<i>marks.bZIP</i> is one label of a data set with several" in page
    assert main(["report", str(project / "results"), "--out", str(tmp_path)]) == 0
    assert (tmp_path / "index.html").read_text() == page
    for name in WORDS:
        assert shows_motifs(project, f"marks.{name}", "dnabert2", "attnlrp")
        assert shows_motifs(project, f"marks.{name}", "cnn", "lrp")


def test_tracks_of_a_label_are_written(project):
    target = "results/tracks/marks.bZIP/cnn/seed1"
    result = snakemake(project, target)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    assert (project / target / "lrp.scores.npz").is_file()


def test_nothing_is_done_twice_and_controls_are_named_by_the_table(project):
    assert planned_rules(project) == set()
    path = project / "more.yaml"
    path.write_text("controls: {shuffled_labels: [marks]}\n")
    planned = planned_rules(project, "--configfile", "more.yaml")
    assert {"train", "label_model", "attribute", "motifs"} <= planned
    assert not {"prepare", "label_data"} & planned


def test_a_model_that_is_there_already_is_cut_as_it_is(project):
    settings = yaml.safe_load((project / "config.yaml").read_text())
    own = settings["models"]["cnn"] | {"training": None}
    own["pretrained"] = "results/models/marks/cnn/seed1"
    changes = {"results": "taken", "models": {"cnn": own}}
    (project / "taken.yaml").write_text(yaml.safe_dump(changes))
    result = snakemake(
        project, "--configfile", "taken.yaml", "--", "taken/models/marks.other/cnn/seed1"
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
    found, given = (
        pd.read_parquet(project / folder / "models/marks.other/cnn/seed1/predictions.parquet")
        for folder in ("taken", "results")
    )
    pd.testing.assert_frame_equal(found, given, rtol=1e-5)
