"""One of a model's independent labels as a classifier of two classes: off and on."""

import copy

import torch
from torch import nn
from transformers import PreTrainedModel

from dnalrp.errors import InputError


def one_label(model: PreTrainedModel, label: int, name: str) -> PreTrainedModel:
    """A classifier of two classes that calls one label of a model of several.

    Why: a label that is on or off is a question of two classes, the logit of "off" being zero. So
    all that explains and judges two classes serves for each label, unchanged: the margin is the
    label's logit, and so are its maps, since a logit that is always zero has no relevance.

    Parameters
    ----------
    model
        With one output a label, from a linear layer ``classifier`` or ``classifier.out_proj``; it
        is left as it is.
    label, name
        Number of the label, and the name that class 1 gets; class 0 is ``not`` with the name.

    Returns
    -------
    transformers.PreTrainedModel
        A copy with logits (0, logit of the label), in evaluation mode; ``tokenizer`` comes along.

    Raises
    ------
    InputError
        The model has no such label.
    """
    if not 0 <= label < model.config.num_labels:
        raise InputError(
            f"label {label} ({name}) does not exist: the model has labels 0 to "
            f"{model.config.num_labels - 1}"
        )
    view = copy.deepcopy(model).eval()
    parent = view if isinstance(view.classifier, nn.Linear) else view.classifier
    layer = "classifier" if parent is view else "out_proj"
    setattr(parent, layer, _cut(getattr(parent, layer), label))
    view.config.id2label = {0: f"not {name}", 1: name}  # also makes num_labels 2
    view.config.label2id = {f"not {name}": 0, name: 1}
    view.config.problem_type = "single_label_classification"
    view.num_labels = 2
    return view


def _cut(head: nn.Linear, label: int) -> nn.Linear:
    """A layer of two outputs: always zero, and one of those that ``head`` has."""
    weight, bias = head.weight.detach(), head.bias.detach()
    cut = nn.Linear(head.in_features, 2, device=weight.device, dtype=weight.dtype)
    with torch.no_grad():
        cut.weight.copy_(torch.stack([torch.zeros_like(weight[label]), weight[label]]))
        cut.bias.copy_(torch.stack([torch.zeros_like(bias[label]), bias[label]]))
    return cut
