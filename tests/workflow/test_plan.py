"""What a run consists of, by its settings."""

from pathlib import Path

import pytest
import yaml

from dnalrp.settings import Configuration
from dnalrp.workflow import Plan, ordered

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings():
    return yaml.safe_load((ROOT / "config.yaml").read_text())


def planned(settings):
    return Plan(Configuration.model_validate(settings))


def several_labels(settings):
    entries = [{"name": "Oct4", "motifs": ["MA0142"]}, {"name": "MafK", "motifs": []}]
    marks = {"source": "table", "several_labels": True, "classes": entries, "site_p_value": 0.1}
    marks |= {"files": {"all": "marks.csv"}, "splits": {"column": "fold"}, "lengths": [50, 90]}
    settings["datasets"] = {"marks": marks}
    return planned(settings)


def test_runs_are_data_sets_by_models_by_seeds(settings):
    settings["seeds"] = [1, 2]
    settings["controls"]["shuffled_labels"] = ["implant"]
    plan = planned(settings)
    assert [str(run) for run in plan.runs[:3]] == [
        *("implant/dnabert2/seed1", "implant/dnabert2/seed2", "implant/cnn/seed1")
    ]
    assert len(plan.runs) == 2 * 4 + 2 * 2
    assert {run.model for run in plan.runs if run.dataset == "oct4_mafk"} == {"dnabert2", "cnn"}
    origins = list(map(str, plan.origins))
    assert "implant/between_models/seed2" in origins
    assert "implant/cnn_shuffled/between_seeds" in origins
    assert "implant/between_models/between_seeds" not in origins
    assert set(map(str, plan.runs)) < set(origins)


def test_one_seed_is_compared_with_none(settings):
    assert all(origin.seed == "seed1" for origin in planned(settings).origins)


def test_every_label_is_a_data_set(settings):
    plan = several_labels(settings)
    assert plan.datasets == ["marks.Oct4", "marks.MafK"]
    assert plan.several_labels == ["marks"] and plan.label_names == ["Oct4", "MafK"]
    assert plan.label("marks", "MafK") == {"number": 1, "name": "MafK", "motifs": []}
    assert plan.true_motifs("marks.Oct4") == {"positive": ["MA0142"]}
    assert plan.class_names("marks") == ["Oct4", "MafK"]


def test_true_motifs_have_the_sign_of_their_class(settings):
    plan = planned(settings)
    assert plan.true_motifs("oct4_mafk") == {"negative": ["MA0495"], "positive": ["MA0142"]}
    assert plan.true_motifs("implant") == {"positive": ["MA0139", "MA0138", "MA0106"]}
    settings["datasets"]["implant"]["grammar"] = "xor"
    plan = planned(settings)
    assert plan.true_motifs("implant") == {"positive": ["MA0139", "MA0138"]}
    assert plan.grammar("implant") == "xor" and plan.grammar("oct4_mafk") is None


def test_classes_are_named_by_label_and_made_negatives_come_first(settings):
    assert planned(settings).class_names("oct4_mafk") == ["MafK", "Oct4"]
    assert planned(settings).class_names("implant") == []
    shares = {"dev": 0.1, "test": 0.1, "seed": 1}
    settings["datasets"]["own"] = {
        "source": "fasta",
        "classes": [{"name": "MafK", "fasta": ["mafk.fa"], "motifs": []}],
        "splits": shares,
        "lengths": [50, 90],
        "negatives": {"kind": "shuffle", "ratio": 1, "seed": 1},
        "site_p_value": 0.1,
    }
    assert planned(settings).class_names("own") == ["background", "MafK"]


def test_a_control_has_the_settings_of_its_model(settings):
    plan = planned(settings)
    assert plan.model("cnn_shuffled") == settings["models"]["cnn"]
    assert plan.methods("cnn_shuffled") == settings["attribute"]["methods"]["cnn"]
    assert plan.labels("cnn_shuffled") == "shuffled" and plan.labels("cnn") == "true"


def test_a_model_may_start_from_the_pre_training_stage(settings):
    settings["models"]["dnabert2"]["pretrained"] = "pretraining"
    pretraining = yaml.safe_load((ROOT / "config/pretraining.yaml").read_text())
    settings |= pretraining
    plan = planned(settings)
    assert plan.starts_from_pretraining("dnabert2_shuffled")
    assert not plan.starts_from_pretraining("cnn")
    assert plan.checkpoint("dnabert2") == plan.checkpoint("cnn") == []


def test_the_token_model_is_the_first_with_longer_tokens(settings):
    assert planned(settings).token_model == "dnabert2"
    settings["models"] = dict(reversed(settings["models"].items()))
    assert planned(settings).token_model == "dnabert2"
    for section in (settings["models"], settings["attribute"]["methods"]):
        del section["dnabert2"]
    assert planned(settings).token_model == "cnn"


def test_settings_in_another_order_read_the_same():
    first = {"b": [{"d": 1, "c": (2, 3)}], "a": None}
    assert str(ordered(first)) == "{'a': None, 'b': [{'c': [2, 3], 'd': 1}]}"
