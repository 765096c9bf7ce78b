"""What an architecture is: everything the package knows of one, declared once.

Nothing here imports torch: records name code as ``"package.module:name"``
(:func:`dnalrp.catalogue.resolve` fetches it).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from dnalrp.catalogue import Code
from dnalrp.models.training_settings import Training
from dnalrp.section import CheckedSection

ConfigJson = Mapping[str, object]
"""Content of a checkpoint's ``config.json``."""


class ModelSection(CheckedSection):
    """Settings of a model of one architecture.

    A section adds ``architecture: Literal["its name"]``, and its sizes where it can be trained
    from random weights.
    """

    architecture: str
    """Which network the model is."""
    pretrained: str | None
    """A folder or a hub id to start from; null for random weights. With `training: null` it is
    explained as it is."""
    revision: str
    """Branch, tag or commit on the hub."""
    training: Training | None
    """How to train; null takes a fine-tuned model as it is."""

    def contradictions(self) -> Iterator[str]:
        """What is wrong between fields: ``key: value and cure``, keys relative to the section."""
        from dnalrp.models.catalogue import ARCHITECTURES  # here: its records name sections

        if self.training is None:
            if self.pretrained is None:
                yield (
                    "training: null takes a fine-tuned model as it is, but 'pretrained' names "
                    "none; name one, or say how to train"
                )
            return
        architecture = ARCHITECTURES[self.architecture]
        if self.training.adapter is not None and not architecture.adaptable:
            yield f"training.adapter: a {self.architecture} has no encoder to adapt; set null"
        dropout = self.training.segmentation_dropout
        if dropout and not architecture.has_merges:
            yield (
                f"training.segmentation_dropout: {dropout}, but only DNABERT-2's byte-pair tokens "
                "have merges to drop; leave it out"
            )


@dataclass(frozen=True)
class Variant:
    """Checkpoints of an architecture that need a class of their own.

    ``detect`` is asked about ``config.json``, after the architecture's own has said yes.
    """

    model: Code
    detect: Callable[[ConfigJson], bool]


@dataclass(frozen=True)
class Architecture:
    """A kind of network.

    Attributes
    ----------
    name
        As the setting ``architecture`` has it, and ``model_type`` of its configuration.
    family
        What can explain it: ``encoder``, a transformer on tokens; or ``convolutional``.
    config, model
        Its configuration, and the classifier: classes of transformers, or that derive from them.
    section
        Settings of such a model.
    about
        What it is, in one line.
    reference
        ``(model, input_ids) -> (batch, tokens, hidden)``: an input that says nothing, where a path
        of integrated gradients begins.
    new, left_out
        Patterns of names of tensors: those a checkpoint may lack, as one without a classifier
        does, and those it may hold beside the classifier's, as the head of a masked-language model.
    untrained
        Of those in ``new``, those that hold nothing that training would give.
    detect
        Asked whether a ``config.json`` is of this architecture, in the order of the catalogue;
        by default its ``model_type`` must be ``name``.
    variants
        Checkpoints that need another class; the first that fits is taken.
    grain
        The finest that it reads: a ``token`` of several nucleotides, or a ``nucleotide``.
    from_scratch
        ``(section, sequences, num_labels) -> model`` with random weights and its tokenizer as
        ``model.tokenizer``, trained on ``sequences`` where it is; None where there are
        checkpoints only.
    layers
        Names of the layers that an LRP rule can be chosen for.
    adaptable
        Whether it has an encoder that low-rank adapters can be put on.
    has_merges
        Whether tokens are byte pairs, so that merges can be left out in training.
    replaces_code
        Whether a published ``config.json`` points to code of its own that ``model`` stands for.
    """

    name: str
    family: Literal["encoder", "convolutional"]
    config: Code
    model: Code
    section: type[ModelSection]
    about: str
    reference: Code = "dnalrp.models.reference:masked_tokens"
    new: tuple[str, ...] = ("classifier.*",)
    left_out: tuple[str, ...] = ()
    untrained: tuple[str, ...] = ()
    detect: Callable[[ConfigJson], bool] | None = None
    variants: tuple[Variant, ...] = ()
    grain: Literal["token", "nucleotide"] = "token"
    from_scratch: Code | None = None
    layers: tuple[str, ...] = ()
    adaptable: bool = True
    has_merges: bool = False
    replaces_code: bool = False

    def fits(self, settings: ConfigJson) -> bool:
        """Is a ``config.json`` that of this architecture?"""
        if self.detect is not None:
            return self.detect(settings)
        return settings.get("model_type") == self.name

    def model_for(self, settings: ConfigJson) -> Code:
        """The classifier for a ``config.json`` of this architecture."""
        fitting = (variant.model for variant in self.variants if variant.detect(settings))
        return next(fitting, self.model)
