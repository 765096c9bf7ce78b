"""Settings are refused in one line that names the key and the cure."""

import copy
from pathlib import Path

import pytest
import yaml

from dnalrp.errors import InputError
from dnalrp.settings import METHODS, check_settings

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
DEFAULT = yaml.safe_load((ROOT / "config.yaml").read_text())


def changed(path, value):
    settings = copy.deepcopy(DEFAULT)
    place = settings
    *parents, last = path.split("/")
    for key in parents:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return settings


def test_every_method_of_the_library_can_be_chosen():
    from dnalrp.attribution.baselines import BASELINES
    from dnalrp.attribution.explanation import TABLES

    for architecture, methods in METHODS.items():
        assert set(methods) == {*TABLES[architecture], *BASELINES[architecture]}
    schema = yaml.safe_load(SCHEMA.read_text())
    listed = schema["properties"]["attribute"]["properties"]["methods"]["additionalProperties"]
    assert set(listed["items"]["enum"]) == set().union(*METHODS.values())


def test_default_settings_are_accepted():
    check_settings(DEFAULT, SCHEMA)


def test_tracks_show_a_map_that_is_projected():
    settings = changed("project/to_nucleotides", ["split"])
    settings["tracks"]["map"] = "copy"
    with pytest.raises(InputError, match=r"tracks\.map: 'copy' is not projected"):
        check_settings(settings, SCHEMA)


def test_batch_norm_is_optional_and_true_or_false():
    check_settings(changed("models/cnn/size/batch_norm", True), SCHEMA)
    with pytest.raises(InputError, match="batch_norm"):
        check_settings(changed("models/cnn/size/batch_norm", 1), SCHEMA)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("resluts", "x", "unknown setting 'resluts'; did you mean 'results'"),
        ("seeds", None, "setting 'seeds' is missing"),
        ("seeds", [1, 1], "seeds: .* non-unique"),
        ("seeds", [-1], "seeds.0: -1 is less than the minimum"),
        ("jaspar", "JASPAR1999", "jaspar: 'JASPAR1999' is not one of"),
        ("gpu", "yes", "gpu: 'yes' is not of type 'boolean'"),
        ("datasets/implant/lenght", 200, "datasets.implant: .*'lenght'; did you mean 'length'"),
        ("datasets/implant/length", None, "datasets.implant: setting 'length' is missing"),
        ("datasets/implant/length", "long", "datasets.implant.length: 'long' is not of type"),
        ("datasets/implant/rule", "some", "datasets.implant.rule: 'some' is not one of"),
        ("datasets/implant/source", "made", "datasets.implant.source: 'made' is not one of"),
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
        ("attribute/methods/cnn", ["attnlrp"], "attribute.methods.cnn: 'attnlrp' does not explain"),
        ("attribute/methods/cnn", None, "attribute.methods: no methods for model 'cnn'"),
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
        check_settings(changed(path, value), SCHEMA)
    assert "\n" not in str(error.value)
