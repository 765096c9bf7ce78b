"""LRP for the CNN, a rule a layer: gamma on convolutions, epsilon on dense ones, or as named."""

from torch import nn

from dnalrp.attribution.composites import Composite
from dnalrp.attribution.convolution import Epsilon, Gamma, LayerRules, layer_rule
from dnalrp.attribution.options import LrpOptions
from dnalrp.models import cnn
from dnalrp.models.architecture import Architecture


def composite(architecture: Architecture, options: LrpOptions) -> Composite:
    """The rules for a CNN's layers, with those that the options name."""
    return convolutional_lrp(options.layer_rules)


def convolutional_lrp(layer_rules: LayerRules | None = None) -> Composite:
    """Gamma on convolutions, epsilon on dense layers, or as named.

    ``layer_rules`` are by name of the layer, ``first.convolution``, ``second.convolution``,
    ``dense``, ``classifier``, or by pattern; layers that it does not name keep the default::

        convolutional_lrp({"first.convolution": AlphaBeta(2.0), "dense": {"gamma": 0.1}})

    A rule may be given as data too, as in the workflow's settings.

    ReLU and max-pooling pass relevance to the inputs that made their output, which is what
    their gradient does. Batch norm is folded into the convolution before it
    (:func:`dnalrp.models.cnn.folded`), whose bias then holds the shift.

    The explained output is a margin, so the classifier starts from relevance z of its class and
    -z of the other, where z may be negative. Gamma then favours the negative part, alpha-beta
    treats either sign alike: see :mod:`dnalrp.attribution.convolution`.
    """
    return Composite(
        name="lrp",
        rules={nn.Conv1d: Gamma(0.25), nn.Linear: Epsilon()},
        by_name={name: layer_rule(rule) for name, rule in (layer_rules or {}).items()},
        prepared=cnn.folded,
        plain=(
            nn.Identity,
            nn.ReLU,
            nn.MaxPool1d,
            nn.AdaptiveMaxPool1d,
            nn.Dropout,
            cnn.OneHot,
            cnn.ConvolutionBlock,
            cnn.RegulatoryCnnForSequenceClassification,
        ),
    )
