"""What `dnalrp verify` says of a right and of a wrong model."""

import json

import pytest
import torch
from conftest import random_sequences
from torch import nn

from dnalrp.attribution import rules
from dnalrp.command import main
from dnalrp.errors import InputError
from dnalrp.verification import verify


@pytest.mark.parametrize("kind", ["dnabert2", "cnn"])
@pytest.mark.parametrize("precision", [torch.float64, torch.float32, torch.bfloat16])
def test_a_right_model_passes(kind, precision, request):
    model = request.getfixturevalue(kind).to(precision)
    table = verify(model, random_sequences(6))
    assert table["passed"].dropna().all()
    assert table["passed"].notna().sum() == 3
    assert model.dtype == precision


def test_of_independent_labels_the_first_is_checked(dnabert2):
    dnabert2.config.problem_type = "multi_label_classification"
    assert verify(dnabert2, random_sequences(3))["passed"].dropna().all()


def test_a_rule_that_loses_relevance_fails(dnabert2, monkeypatch):
    monkeypatch.setattr(rules.Accounts, "enter", lambda self, place, term, relevance: None)
    table = verify(dnabert2.float(), random_sequences(3)).set_index("check")
    assert not table.loc["ledger gap in float64", "passed"]


def test_a_module_without_rule_is_named(dnabert2):
    dnabert2.bert.pooler.activation = nn.Softsign()
    with pytest.raises(InputError, match=r"bert\.pooler\.activation"):
        verify(dnabert2, ["ACGT"])


def test_command_prints_a_table_and_says_all_is_well(dnabert2, tmp_path, capsys):
    dnabert2.float().save_pretrained(tmp_path)
    dnabert2.tokenizer.save_pretrained(tmp_path)
    assert main(["verify", str(tmp_path), "--json"]) == 0
    checks = json.loads(capsys.readouterr().out)
    assert all(check["passed"] in (True, None) for check in checks)
    assert main(["verify", str(tmp_path)]) == 0
    assert "ledger gap in float64" in capsys.readouterr().out


def test_command_fails_with_the_reason(dnabert2, tmp_path, capsys, monkeypatch):
    dnabert2.float().save_pretrained(tmp_path)
    dnabert2.tokenizer.save_pretrained(tmp_path)
    monkeypatch.setattr(rules.Accounts, "enter", lambda self, place, term, relevance: None)
    assert main(["verify", str(tmp_path)]) == 1
    assert "ledger gap in float64" in capsys.readouterr().err


def test_command_refuses_what_is_no_model(tmp_path, capsys):
    assert main(["verify", str(tmp_path / "nothing")]) == 2
    message = capsys.readouterr().err
    assert message.startswith("dnalrp: ") and message.count("\n") == 1
