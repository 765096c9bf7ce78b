"""Settings are refused in one line that names the key and the cure."""

import copy

import pytest
import yaml
from default_settings import DEFAULT, ROOT, changed
from pydantic import ValidationError
from snakemake.utils import update_config

from dnalrp.data.grammar import GRAMMARS
from dnalrp.data.sources.catalogue import SOURCES
from dnalrp.errors import InputError
from dnalrp.notices import renamed
from dnalrp.settings import read_configuration, without_nulls


def test_default_settings_are_accepted():
    read_configuration(DEFAULT)


def test_tracks_show_a_map_that_is_projected():
    settings = changed("project/to_nucleotides", ["split"])
    settings["tracks"]["map"] = "copy"
    with pytest.raises(InputError, match=r"tracks\.map: 'copy' is not projected"):
        read_configuration(settings)


def test_faithfulness_is_judged_on_a_map_that_is_made():
    settings = changed("evaluate/faithfulness/map", "copy")
    settings["project"]["to_nucleotides"] = ["split"]
    with pytest.raises(InputError, match=r"faithfulness\.map: 'copy' is not projected"):
        read_configuration(settings)
    settings = changed("evaluate/faithfulness/map", "average")
    settings["attribute"]["segmentations"] = None
    with pytest.raises(InputError, match=r"faithfulness\.map: 'average' is not made"):
        read_configuration(settings)


def test_batch_norm_is_optional_and_true_or_false():
    read_configuration(changed("models/cnn/size/batch_norm", True))
    with pytest.raises(InputError, match="batch_norm"):
        read_configuration(changed("models/cnn/size/batch_norm", 1))


def test_only_a_pretrained_model_is_taken_without_training():
    settings = copy.deepcopy(DEFAULT)
    settings["models"]["dnabert2"]["training"] = None
    with pytest.raises(InputError, match=r"models.dnabert2.training: null takes a fine-tuned"):
        read_configuration(settings)
    settings["models"]["dnabert2"]["pretrained"] = "output/dnabert2"
    read_configuration(settings)


@pytest.mark.parametrize("weights", [None, "balanced", [1, 2.5]])
def test_training_can_be_varied(weights):
    settings = changed("models/dnabert2/training/adapter", {"rank": 8, "alpha": 16, "dropout": 0})
    settings["models"]["dnabert2"]["training"] |= {
        "class_weights": weights,
        "patience": None,
        "warmup_steps": 50,
        "precision": "bfloat16",
    }
    read_configuration(settings)


@pytest.mark.parametrize("path", ["motifs/map", "evaluate/faithfulness/map"])
def test_stages_may_read_any_map(path):
    for how in ("split", "copy", "average"):
        read_configuration(changed(path, how))
    with pytest.raises(InputError, match="'mean' is not one of"):
        read_configuration(changed(path, "mean"))


def test_averages_and_dropout_in_training_may_be_left_out_or_asked_for():
    settings = copy.deepcopy(DEFAULT)
    settings["attribute"]["segmentations"] = None
    settings["models"]["dnabert2"]["training"]["segmentation_dropout"] = 0.1
    read_configuration(settings)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("attribute/segmentations/draws", 3, "3 draws with dropout 0 are all alike"),
        ("attribute/segmentations/dropout", 1.5, "dropout: 1.5 is greater than the maximum"),
        ("models/cnn/training/segmentation_dropout", 0.1, "only DNABERT-2's byte-pair tokens"),
        (
            "attribute/layer_rules",
            {"third": {"gamma": 1}},
            "no layer of a regulatory_cnn is 'third'",
        ),
        ("attribute/layer_rules", {"dense": {"gama": 1}}, "'gama'; did you mean 'gamma'"),
        ("attribute/layer_rules", {"dense": {}}, "layer_rules.dense: "),
        ("attribute/layer_rules", {"dense": {"alpha_beta": 0.5}}, "0.5 is less than the minimum"),
        ("resluts", "x", "unknown setting 'resluts'; did you mean 'results'"),
        ("seeds", None, "setting 'seeds' is missing"),
        ("seeds", [1, 1], "seeds: .* non-unique"),
        ("seeds", [-1], "seeds.0: -1 is less than the minimum"),
        ("jaspar", "JASPAR1999", "jaspar: 'JASPAR1999' is not one of"),
        ("gpu", "yes", "gpu: 'yes' is not of type 'boolean'"),
        ("datasets/implant/lenght", 200, "datasets.implant: .*'lenght'; did you mean 'length'"),
        ("datasets/implant/length", None, "datasets.implant: setting 'length' is missing"),
        ("datasets/implant/length", "long", "datasets.implant.length: 'long' is not of type"),
        ("datasets/implant/grammar", "some", "datasets.implant.grammar: 'some' is not one of"),
        ("datasets/implant/source", "made", "datasets.implant.source: 'made' is not one of"),
        ("datasets/implant/grammar", "decoy", "implant.grammar: 'decoy' needs 'mutations'"),
        ("datasets/implant/motifs", ["MA9999"], "no matrix 'MA9999'"),
        ("datasets/implant/motifs", ["CTCF"], "datasets.implant.motifs.0: 'CTCF' does not match"),
        ("datasets/implant/decoys", ["MA0139"], "decoys: MA0139 is also a motif"),
        ("datasets/implant/sites", [3, 1], "sites: from 3 to 1 is empty"),
        ("datasets/oct4_mafk/archive/sha256", "abc", "archive.*'abc'|archive.*not valid"),
        ("datasets/oct4_mafk/splits/dev", ["chr1"], "splits: chr1 is in dev and test"),
        (
            "models/dnabert2/architecture",
            "gpt",
            "models.dnabert2.architecture: 'gpt' is not one of",
        ),
        ("models/dnabert2/size/hidden_size", 130, "hidden_size 130 is not a multiple"),
        ("models/dnabert2/training/epochs", 0, "training.epochs: 0 is less than the minimum"),
        ("models/dnabert2/training/lr", 1, "models.dnabert2.training: unknown setting 'lr'"),
        ("models/cnn/training/learning_rate", 0, "learning_rate: 0 is less than or equal to the"),
        ("models/cnn/training/preset", "gue", "models.cnn.training: unknown setting 'preset'"),
        ("models/cnn/training/precision", "float16", "precision: float16 needs a CUDA device"),
        ("models/cnn/training/precision", "fp16", "precision: 'fp16' is not one of"),
        ("models/cnn/training/adapter", {"rank": 8}, "adapter: setting 'alpha' is missing"),
        (
            "models/cnn/training/adapter",
            {"rank": 8, "alpha": 16, "dropout": 0},
            "models.cnn.training.adapter: a regulatory_cnn has no encoder",
        ),
        ("models/cnn/training/class_weights", "even", "class_weights: 'even' does not match"),
        ("models/cnn/training/class_weights", [1, 0], "class_weights.1: 0 is less than or equal"),
        ("models/cnn/training/schedule", "constant", "schedule: 'constant' is not one of"),
        ("attribute/methods/cnn", ["attnlrp"], "attribute.methods.cnn: 'attnlrp' does not explain"),
        ("attribute/methods/cnn", None, "attribute.methods: no methods for model 'cnn'"),
        ("attribute/methods/cnn", ["attnlrp_randomised"], "'attnlrp_randomised' does not explain"),
        ("attribute/methods/cnn", ["random_randomised"], "cnn.0: 'random_randomised' is not one"),
        ("controls/shuffled_labels", ["implnt"], "shuffled_labels: no data set 'implnt'"),
        ("models/cnn_shuffled", DEFAULT["models"]["cnn"], "in '_shuffled' are those of controls"),
        ("datasets/implant/length", 40, "datasets.implant.length: 40 is less than the 41 bases"),
        ("datasets/implant/background", {"kind": "markov"}, "background: setting .* is missing"),
        ("datasets/implant/background/order", 2, "background: unknown setting 'order'"),
        ("attribute/alibi", "ignore", "attribute.alibi: 'ignore' is not one of"),
        ("attribute/batch_size", 0, "attribute.batch_size: 0 is less than"),
        ("project/to_nucleotides", ["copy"], "project.to_nucleotides: "),
        ("tracks/map", "copies", "tracks.map: 'copies' is not one of"),
        ("downloads/sha256", {"hg38": "abc"}, "downloads.sha256.hg38: 'abc' does not match"),
        ("evaluate/faithfulness/shares", [1.5], "evaluate.faithfulness.shares.0: 1.5"),
    ],
)
def test_mistakes_are_named_in_one_line(path, value, message):
    with pytest.raises(InputError, match=message) as error:
        read_configuration(changed(path, value))
    assert "\n" not in str(error.value)


def laid_over(settings, changes):
    """As Snakemake merges configurations; what is null is left out."""
    result = dict(settings)
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            value = laid_over(result[key], value)
        result[key] = value
    return {key: value for key, value in result.items() if value is not None}


def test_grammar_settings_are_accepted_and_hold_every_rule():
    changes = yaml.safe_load((ROOT / "config/grammar.yaml").read_text())
    datasets = {**DEFAULT["datasets"], **changes["datasets"]}
    kept = {name: dataset for name, dataset in datasets.items() if dataset is not None}
    settings = {**laid_over(DEFAULT, changes), "models": DEFAULT["models"], "datasets": kept}
    read_configuration(settings)
    assert {name: dataset["grammar"] for name, dataset in kept.items()} == {
        rule: rule for rule in GRAMMARS
    }


def with_encoder(**changes):
    settings = copy.deepcopy(DEFAULT)
    training = settings["models"]["dnabert2"]["training"]
    encoder = {
        "architecture": "esm",
        "pretrained": "own/nt",
        "revision": "main",
        "training": training,
    }
    settings["models"]["nt"] = encoder | changes
    settings["attribute"]["methods"]["nt"] = ["attnlrp", "mutagenesis"]
    return settings


@pytest.mark.parametrize("architecture", ["bert", "esm", "modernbert"])
def test_encoders_are_chosen_by_checkpoint(architecture):
    read_configuration(with_encoder(architecture=architecture))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"pretrained": None}, "models.nt.pretrained: None is not of type 'string'"),
        ({"size": {"hidden_size": 8}}, "models.nt: unknown setting 'size'"),
    ],
)
def test_encoders_start_from_a_checkpoint_of_their_own_size(changes, message):
    with pytest.raises(InputError, match=message):
        read_configuration(with_encoder(**changes))


@pytest.mark.parametrize("name", ["gue", "several_labels", "peaks_on_genome", "checkpoint"])
def test_worked_examples_are_accepted_once_their_files_are_there(name, tmp_path, monkeypatch):
    settings = copy.deepcopy(DEFAULT)
    update_config(settings, yaml.safe_load((ROOT / f"config/{name}.yaml").read_text()))
    settings = without_nulls(settings)
    files = [
        path
        for dataset in settings["datasets"].values()
        for path in SOURCES[dataset["source"]].section.model_validate(dataset).locations().values()
    ]
    for file in files:
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text("sequence,label,split\n")
    (tmp_path / "models").symlink_to(ROOT / "models")
    (tmp_path / "output/mafk").mkdir(parents=True)
    (tmp_path / "output/mafk/checkpoint-1").symlink_to(ROOT / "models/compact")
    monkeypatch.chdir(tmp_path)
    read_configuration(settings)
    (tmp_path / files[0]).unlink()
    with pytest.raises(InputError, match=files[0]):
        read_configuration(settings)


def test_settings_do_not_change_once_they_are_read():
    configuration = read_configuration(DEFAULT)
    with pytest.raises(ValidationError):
        configuration.results = "elsewhere"


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("datasets/implant", 3, "datasets.implant: 3 is not of type 'object'"),
        ("datasets/implant/source", 3, r"datasets.implant.source: 3 is not one of \['simulated'"),
        ("datasets/implant/source", None, "datasets.implant: setting 'source' is missing"),
        ("datasets/implant/background", 3, "datasets.implant.background: 3 is not of type"),
        ("models/cnn/training/class_weights", True, "True is not of type 'array', 'string'"),
        ("models/cnn/max_token_length", 2, "max_token_length: 2 does not match 1"),
        ("evaluate/faithfulness/substitutions", 4, r"4 is not one of \[1, 2, 3\]"),
        ("evaluate/faithfulness", None, "evaluate: setting 'faithfulness' is missing"),
        ("evaluate/faithfulnes", {}, "'faithfulnes'; did you mean 'faithfulness'"),
        ("evaluate", 3, "evaluate: 3 is not of type 'object'"),
        ("pretraining", 3, "pretraining: 3 is not of type 'object'"),
        ("project/to_nucleotides", ["split", "split"], "project.to_nucleotides: .* non-unique"),
        ("downloads/mirror", 3, "downloads.mirror: 3 is not of type 'string'"),
        ("motifs/window", 21.5, "motifs.window: 21.5 is not of type 'integer'"),
    ],
)
def test_more_mistakes_are_named_in_one_line(path, value, message):
    with pytest.raises(InputError, match=message) as error:
        read_configuration(changed(path, value))
    assert "\n" not in str(error.value)


def test_a_misspelt_setting_is_told_before_all_that_follows_from_it():
    settings = changed("motifs/windw", 21)
    del settings["motifs"]["window"]
    settings["models"]["cnn"]["training"]["epochs"] = 0
    settings["datasets"]["implant"]["sites"] = [3, 1]
    with pytest.raises(InputError, match="motifs: unknown setting 'windw'; did you mean 'window'"):
        read_configuration(settings)


def test_a_notice_of_a_call_is_a_warning_at_the_call():
    def old_call():
        renamed("how", "projection")

    with pytest.warns(FutureWarning, match="'how' is now 'projection'") as caught:
        old_call()
    assert caught[0].filename == __file__
