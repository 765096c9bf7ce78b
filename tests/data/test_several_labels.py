"""Several labels a sequence: from a table, without leakage, and each on its own after training."""

import copy
from functools import partial
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import random_sequences, toy_cnn, toy_dnabert2
from hypothesis import given, settings
from hypothesis import strategies as st
from sections import named, prepared
from sklearn.metrics import roc_auc_score
from torch.nn.functional import binary_cross_entropy_with_logits
from toy_encoders import MODELS as ENCODERS
from transformers.modeling_outputs import SequenceClassifierOutput

from dnalrp import training
from dnalrp.attribution.explanation import explain
from dnalrp.attribution.targets import Target
from dnalrp.data.jaspar import fetch_motifs
from dnalrp.data.labels import (
    Labels,
    of_one_label,
    read_labels,
    sites_of_one_label,
    with_shuffled_labels,
)
from dnalrp.data.leakage import remove_leakage
from dnalrp.data.nucleotides import reverse_complement
from dnalrp.data.sources.catalogue import SOURCES
from dnalrp.data.table import holds_several_labels, read_table
from dnalrp.data.truth import motif_sites, scan_difference
from dnalrp.errors import InputError
from dnalrp.models.loading import load
from dnalrp.models.one_label import one_label
from dnalrp.models.prediction import predict
from dnalrp.performance import performance, performance_by_split
from dnalrp.provenance import write_table
from dnalrp.settings import explained_datasets

NAMES = ["CTCF", "REST", "p53"]
SETS = [[0, 2], [], [1], [0, 1, 2], [2], [0]]
LENGTHS = (5, 100)


def lists(folder, sets=SETS, texts=None, split="train"):
    """A table of lists, ids and splits; what is in ``sets`` may be text already."""
    texts = texts or random_sequences(len(sets), 30, 60)
    path = folder / f"lists_{split}.csv"
    rows = [
        f"{split}{i},{text},{own if isinstance(own, str) else ';'.join(map(str, own))},{split}"
        for i, (text, own) in enumerate(zip(texts, sets, strict=True))
    ]
    path.write_text("\n".join(["id,sequence,label,fold", *rows, ""]))
    return path


def marks(folder, sets=SETS, texts=None, header="id,sequence,ctcf,REST,P53,fold"):
    """The same as a table with a column of 0 and 1 for each label."""
    texts = texts or random_sequences(len(sets), 30, 60)
    path = folder / "marks.csv"
    rows = [
        f"train{i},{text},{','.join(str(int(k in own)) for k in range(3))},train"
        for i, (text, own) in enumerate(zip(texts, sets, strict=True))
    ]
    path.write_text("\n".join([header, *rows, ""]))
    return path


# tables


def test_lists_and_columns_of_marks_say_the_same(tmp_path):
    listed = read_table(lists(tmp_path), 3, LENGTHS, ["fold"], several_labels=NAMES)
    marked = read_table(marks(tmp_path), 3, LENGTHS, ["fold"], several_labels=NAMES)
    assert listed["label"].tolist() == SETS
    pd.testing.assert_frame_equal(listed, marked)


def test_order_and_space_in_a_list_do_not_matter(tmp_path):
    table = read_table(
        lists(tmp_path, ["2;0", " 1 ; 0", " ", "2"]), 3, LENGTHS, several_labels=NAMES
    )
    assert table["label"].tolist() == [[0, 2], [0, 1], [], [2]]


def test_lists_come_back_from_a_file(tmp_path):
    frame = pd.DataFrame({"id": [f"s{i}" for i in range(6)], "label": SETS})
    write_table(frame, tmp_path / "t.parquet", {})
    labels = read_labels(pd.read_parquet(tmp_path / "t.parquet"))
    expected = [[float(k in own) for k in range(3)] for own in SETS]
    assert labels.several and labels.values.tolist() == expected


def test_one_class_a_sequence_is_read_as_before(tmp_path):
    path = lists(tmp_path, [[0], [1], [1], [2]])
    assert read_table(path, 3, LENGTHS)["label"].tolist() == [0, 1, 1, 2]
    assert read_table(path, 3, LENGTHS, several_labels=NAMES)["label"].tolist() == [
        [0],
        [1],
        [1],
        [2],
    ]


def test_a_table_of_several_labels_is_known_by_its_look(tmp_path):
    assert holds_several_labels(lists(tmp_path), NAMES)
    assert holds_several_labels(marks(tmp_path), NAMES)
    assert not holds_several_labels(marks(tmp_path), [*NAMES, "SP1"])
    assert not holds_several_labels(lists(tmp_path, [[0], [1]]), NAMES)


def test_each_label_is_on_and_off_in_each_split(tmp_path):
    texts = random_sequences(18, 40, 60)
    parts = {"train": texts[:6], "dev": texts[6:12], "test": texts[12:]}
    files = {split: lists(tmp_path, SETS, own, split) for split, own in parts.items()}
    given = {"files": files, "splits": None, "classes": named(*NAMES), "several_labels": True}
    data = prepared(tmp_path, "table", **given)
    frame, dropped = data.sequences, data.dropped
    assert frame["label"].tolist() == SETS * 3 and dropped.empty
    lists(tmp_path, [own[1:] if 0 in own else own for own in SETS], parts["dev"], "dev")
    with pytest.raises(InputError, match="label 'CTCF' is off in all 6 sequences of the dev split"):
        prepared(tmp_path, "table", **given)
    lists(tmp_path, [sorted({*own, 1}) for own in SETS], parts["dev"], "dev")
    with pytest.raises(InputError, match="label 'REST' is on in all 6 sequences of the dev split"):
        prepared(tmp_path, "table", **given)


# leakage


def test_other_sets_are_ambiguous_and_equal_ones_are_repeated():
    rows = [
        ("a", "ACGTTACC", [0, 2], "train"),
        ("b", reverse_complement("ACGTTACC"), [0], "test"),  # another set
        ("c", "GGGATTTA", [0, 2], "dev"),
        ("d", "GGGATTTA", [0, 2], "train"),
        ("e", "TTTTGGGA", [], "train"),
    ]
    frame = pd.DataFrame(rows, columns=["id", "sequence", "label", "split"])
    kept, dropped = remove_leakage(frame)
    assert kept["id"].tolist() == ["c", "e"]
    assert dropped.values.tolist() == [
        ["a", "0;2", "train", "ambiguous", "b", "test"],
        ["b", "0", "test", "ambiguous", "a", "train"],
        ["d", "0;2", "train", "repeated", "c", "dev"],
    ]


WORDS = ("AAAC", "GTTT", "ACCA", "TGGT", "CCCC")  # two are reverse complements of two others


@given(
    st.lists(
        st.tuples(
            st.sampled_from(WORDS),
            st.sets(st.integers(0, 2)).map(sorted),
            st.sampled_from(("train", "dev", "test")),
        ),
        min_size=1,
        max_size=12,
    )
)
@settings(max_examples=60, deadline=None)
def test_ambiguous_is_what_comparing_all_pairs_finds(rows):
    frame = pd.DataFrame(rows, columns=["sequence", "label", "split"])
    frame.insert(0, "id", [f"s{i}" for i in range(len(rows))])
    dropped = remove_leakage(frame).dropped
    found = dropped.loc[dropped["reason"] == "ambiguous"].set_index("id")["other"].to_dict()
    expected = {}
    for i, (one, own, _) in enumerate(rows):
        for j, (other, others, _) in enumerate(rows):
            if own != others and other in (one, reverse_complement(one)):
                expected.setdefault(f"s{i}", f"s{j}")
    assert found == expected


# one label as a data set


def test_a_label_is_a_data_set_of_two_classes_and_has_its_own_sites():
    frame = pd.DataFrame({"id": list("abcdef"), "label": SETS, "split": "train"})
    sites = pd.DataFrame(
        {
            "id": ["a", "a", "c", "d", "d", "e"],
            "start": [1, 9, 1, 5, 5, 1],
            "motif": ["M1", "M3", "M2", "M1", "M2", "M1"],  # M1 is of label 2 too, on in e
            "role": "motif",
        }
    )
    own = of_one_label(frame, 0)
    assert own["label"].tolist() == [1, 0, 0, 1, 0, 1] and own["label"].dtype == "int64"
    assert frame["label"].tolist() == SETS
    found = sites_of_one_label(sites, own, ["M1"])
    other = "other label"
    assert found["role"].tolist() == ["motif", other, other, "motif", other, other]
    pd.testing.assert_frame_equal(found.drop(columns="role"), sites.drop(columns="role"))


def test_a_site_that_two_labels_share_is_there_once():
    frame = pd.DataFrame({"id": ["a"], "label": [[0, 1]], "split": "train"})
    sites = pd.DataFrame({"id": ["a", "a"], "motif": ["M1", "M1"], "role": "motif"})
    assert len(sites_of_one_label(sites, of_one_label(frame, 1), ["M1"])) == 1


def test_true_sites_lie_where_their_label_is_on():
    ctcf, p53 = fetch_motifs(["MA0139", "MA0106"], "JASPAR2026")
    words = [
        "".join("ACGT"[i] for i in motif.probabilities.argmax(axis=0)) for motif in (ctcf, p53)
    ]
    both = "A" * 10 + words[0] + "A" * 10 + words[1] + "A" * 10
    sets = [[0, 1], [0], [1], []]
    frame = pd.DataFrame({"id": list("abcd"), "sequence": [both] * 4, "label": sets})
    sites = motif_sites(frame, [[ctcf], [p53]], 1e-4)
    assert scan_difference(frame, [[ctcf], [p53]]).empty
    strong = sites[sites["start"].isin([10, 20 + len(words[0])])]
    held = strong.groupby("motif")["id"].agg(list).to_dict()
    assert held == {ctcf.matrix_id: ["a", "b"], p53.matrix_id: ["a", "c"]}
    seen = sites_of_one_label(sites, of_one_label(frame, 0), [ctcf.matrix_id])
    alone = motif_sites(of_one_label(frame, 0), [[], [ctcf]], 1e-4)
    true = seen[seen["role"] == "motif"].reset_index(drop=True)
    pd.testing.assert_frame_equal(true, alone)


def test_labels_become_data_sets_that_no_other_can_be():
    section = {"source": "table", "files": {"all": "t.csv"}, "splits": {"column": "split"}}
    section |= {"lengths": [5, 20], "site_p_value": 0.0001}
    section["classes"] = [{"name": name, "motifs": []} for name in NAMES]
    one = SOURCES["table"].section(**section)
    table = SOURCES["table"].section(**section, several_labels=True)
    configuration = SimpleNamespace(datasets={"a": one, "marks": table, "one": one})
    assert explained_datasets(configuration) == {
        "a": "a",
        "marks.CTCF": "marks",
        "marks.REST": "marks",
        "marks.p53": "marks",
        "one": "one",
    }


# one label as a model


def toy_encoder(name, byte_pairs):
    model = ENCODERS[name](4, 0, num_labels=3).double().eval()
    model.tokenizer = byte_pairs
    return model


KINDS = {
    "dnabert2": partial(toy_dnabert2, labels=3),
    "cnn": lambda _: toy_cnn(labels=3),
    "cnn, batch norm": lambda _: toy_cnn(labels=3, batch_norm=True),
    **{name: partial(lambda name, pairs: toy_encoder(name, pairs), name) for name in ENCODERS},
}


@pytest.fixture(params=KINDS)
def several(request, byte_pairs):
    model = KINDS[request.param](byte_pairs)
    model.config.problem_type = "multi_label_classification"
    return model


@pytest.mark.parametrize("label", [0, 2])
def test_the_margin_of_the_view_is_the_label_s_logit_with_its_maps_and_ledger(
    several, sequences, label
):
    before = copy.deepcopy(several.state_dict())
    view = one_label(several, label, "Oct4")
    logits = predict(several, sequences)
    expected = np.stack([np.zeros(len(logits)), logits[:, label]], axis=1)
    np.testing.assert_allclose(predict(view, sequences), expected, rtol=0, atol=1e-12)
    best = "lrp" if several.config.model_type == "regulatory_cnn" else "attnlrp"
    for method in (best, "gradient_x_input"):
        own = explain(view, sequences, method, progress=False)
        whole = explain(several, sequences, method, target=Target(label, "logit"), progress=False)
        np.testing.assert_allclose(own.outputs, whole.outputs, rtol=0, atol=1e-12)
        for one, other in zip(own.relevance, whole.relevance, strict=True):
            assert np.abs(other).max() > 1e-6
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-11 * np.abs(other).max())
        if whole.ledger is not None:
            pd.testing.assert_frame_equal(own.ledger, whole.ledger, rtol=1e-9, atol=1e-10)
    assert several.config.num_labels == 3
    assert several.config.problem_type == "multi_label_classification"
    assert all(torch.equal(tensor, before[name]) for name, tensor in several.state_dict().items())


def test_the_view_is_saved_and_loaded_as_a_classifier_of_two_named_classes(
    several, sequences, tmp_path
):
    view = one_label(several, 1, "Oct4").float()
    view.save_pretrained(tmp_path)
    view.tokenizer.save_pretrained(tmp_path)
    loaded = load(tmp_path, trained=True)
    assert loaded.config.id2label == {0: "not Oct4", 1: "Oct4"}
    assert loaded.config.problem_type == "single_label_classification"
    assert loaded.config.num_labels == loaded.num_labels == 2
    np.testing.assert_allclose(
        predict(loaded, sequences), predict(view, sequences), rtol=1e-5, atol=1e-5
    )


def test_a_label_that_the_model_lacks_is_refused():
    with pytest.raises(InputError, match=r"label 3 \(Oct4\) does not exist: the model has labels"):
        one_label(toy_cnn(labels=3), 3, "Oct4")


def test_performance_of_the_labels_is_that_of_all_on_average():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, (80, 3)).astype(float)
    logits = rng.normal(size=(80, 3)) + truth
    splits = pd.Series(["dev", "test"] * 40)
    whole = performance_by_split(truth, logits, splits)
    single = [
        performance_by_split(
            truth[:, k].astype(int), np.stack([np.zeros(80), logits[:, k]], axis=1), splits
        )
        for k in range(3)
    ]
    mean = sum(single) / 3
    pd.testing.assert_frame_equal(whole, mean)
    test = (splits == "test").to_numpy()
    assert single[1].loc["test", "auroc"] == roc_auc_score(truth[test, 1], logits[test, 1])
    assert whole.loc["test"].to_dict() == performance(truth[test], logits[test])


# training


def test_shuffled_lists_keep_their_counts_and_test_labels_stay():
    rng = np.random.default_rng(0)
    sets = [sorted(rng.choice(3, size=rng.integers(4), replace=False).tolist()) for _ in range(300)]
    frame = pd.DataFrame({"id": range(300), "label": sets})
    frame["split"] = np.repeat(["train", "dev", "test"], 100)
    for labels in (frame, frame.assign(label=list(map(np.array, sets)))):  # as a file has them
        shuffled = with_shuffled_labels(labels, seed=1)
        moved = shuffled["label"].map(list)
        assert labels["label"].map(list).tolist() == sets  # the given ones are left as they are
        assert moved[200:].tolist() == sets[200:] and moved[:200].tolist() != sets[:200]
        for own in (slice(0, 100), slice(100, 200)):
            assert sorted(moved[own]) == sorted(sets[own])


def test_balanced_weights_make_on_count_as_much_as_off():
    values = np.array([[1, 0], [0, 0], [0, 1], [0, 1], [1, 1]], dtype=float)
    labels, trained = Labels(values, 2), pd.Series([True] * 4 + [False])
    weights = training._class_weights("balanced", labels, trained)
    assert weights.tolist() == [3, 1]  # off three times for once on; twice for twice
    logits = torch.tensor([[0.3, -0.2]] * 4)
    outputs = SequenceClassifierOutput(logits=logits)
    found = training._loss(True, weights)(outputs, torch.from_numpy(values[:4]))
    single = binary_cross_entropy_with_logits(
        logits, torch.from_numpy(values[:4]).float(), reduction="none"
    ).numpy()
    weighed = single * np.where(values[:4] == 1, weights.numpy(), 1)
    assert found.item() == pytest.approx(weighed.mean())


def test_a_model_of_classes_that_exclude_each_other_is_not_taken_for_labels():
    model = toy_cnn(labels=2)
    model.config.problem_type = "single_label_classification"
    labels = Labels(np.ones((3, 2)), 2)
    with pytest.raises(InputError, match="the model has classes that exclude each other"):
        training.check_outputs(model, labels, exactly=False)
    model.config.problem_type = "multi_label_classification"
    training.check_outputs(model, labels, exactly=False)
    with pytest.raises(InputError, match="a table with several_labels: true"):
        training.check_outputs(model, Labels(np.array([0, 1]), 2), exactly=False)
