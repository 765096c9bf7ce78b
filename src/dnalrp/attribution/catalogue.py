"""The catalogue of methods: what explains which models, and what each promises.

Reading it imports no torch. A method of one's own is a file that calls ``METHODS.add``:
docs/how-to/add-a-method.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, get_args

from pydantic import ValidationError

from dnalrp.attribution import options
from dnalrp.attribution.encoders.catalogue import ENCODERS
from dnalrp.attribution.options import Options
from dnalrp.catalogue import Catalogue, Code
from dnalrp.errors import InputError
from dnalrp.mistakes import best_mistake
from dnalrp.models.architecture import Architecture
from dnalrp.names import RANDOM, RANDOMISED, base_method, is_randomised

Family = Literal["encoder", "convolutional"]


@dataclass(frozen=True, kw_only=True)
class Method:
    """A way to explain a model: either a composite of rules, or a function of a batch.

    Attributes
    ----------
    name
        As ``explain`` and the settings take it.
    about
        What its relevance says, in one line.
    reference
        Where it was published.
    composite
        ``(architecture, options) -> Composite``: relevance is input times gradient under it.
    relevance
        ``(batch, options) -> BatchRelevance``: everything else.
    families
        Of the architectures that it explains.
    needs_rules
        Only those encoders that :data:`~dnalrp.attribution.encoders.catalogue.ENCODERS` has rules
        for.
    options
        Its options, each with a default.
    sign
        Whether relevance says in favour of what: False for maps that are the same for every class.
    ledger
        Whether all of the explained output is accounted for, term by term.
    promises_sum
        Whether relevance should sum to something known; the gap is kept.
    grain
        What it gives relevance to: ``token``, or a ``nucleotide`` whatever the tokens.
    positional
        Whether it can keep ALiBi's relevance by head and distance, where the model has ALiBi.
    reads_model
        False for noise, which no parameter touches.

    Raises
    ------
    InputError
        The name is that of a control, or it has both a composite and a relevance, or neither.
    """

    name: str
    about: str
    reference: str = ""
    composite: Code | None = None
    relevance: Code | None = None
    families: tuple[Family, ...] = ("encoder", "convolutional")
    needs_rules: bool = False
    options: type[Options] = Options
    sign: bool = True
    ledger: bool = False
    promises_sum: bool = False
    grain: Literal["token", "nucleotide"] = "token"
    positional: bool = False
    reads_model: bool = True

    def __post_init__(self) -> None:
        if is_randomised(self.name):
            raise InputError(
                f"method {self.name!r}: {RANDOMISED} ends names of controls; rename it"
            )
        if (self.composite is None) == (self.relevance is None):
            raise InputError(f"method {self.name!r}: give it either a composite or a relevance")

    def explains(self, architecture: Architecture) -> bool:
        """Does it explain models of an architecture?"""
        fits = architecture.family in self.families
        return fits and (not self.needs_rules or architecture.name in ENCODERS)


class Choice(NamedTuple):
    """A method that is chosen, with its suffix if it is a control, and its options."""

    method: str
    options: Options


_METHODS = "dnalrp.attribution.methods"
METHODS: Catalogue[Method] = Catalogue(
    "method",
    Method(
        name="attnlrp",
        about="what each token contributed, by AttnLRP's rules, the output fully accounted for",
        reference="Achtibat et al., ICML 2024 (arXiv 2402.05602); Kurth et al. (arXiv 2604.21690)",
        composite=f"{_METHODS}.attnlrp:composite",
        families=("encoder",),
        needs_rules=True,
        options=options.AttnLrpOptions,
        ledger=True,
        positional=True,
    ),
    Method(
        name="cp_lrp",
        about="the same with attention and the activated half of gates held constant",
        reference="Ali et al., ICML 2022 (arXiv 2202.07304)",
        composite=f"{_METHODS}.cp_lrp:composite",
        families=("encoder",),
        needs_rules=True,
        ledger=True,
    ),
    Method(
        name="lrp",
        about="what each nucleotide contributed to a CNN, by a rule a layer",
        reference="Montavon et al. 2019 (doi 10.1007/978-3-030-28954-6_10)",
        composite=f"{_METHODS}.lrp:composite",
        families=("convolutional",),
        options=options.LrpOptions,
        ledger=True,
    ),
    Method(
        name="gradient_x_input",
        about="the gradient at each token's embedding, times the embedding",
        reference="Shrikumar et al. 2016 (arXiv 1605.01713)",
        composite=f"{_METHODS}.gradient_x_input:composite",
    ),
    Method(
        name="saliency",
        about="how strongly the output reacts to each token: the gradient's length, no sign",
        reference="Simonyan et al., ICLR workshop 2014 (arXiv 1312.6034)",
        relevance=f"{_METHODS}.saliency:relevance",
        sign=False,
    ),
    Method(
        name="integrated_gradients",
        about="each token's share in the change of the output from an input that says nothing",
        reference="Sundararajan et al., ICML 2017 (arXiv 1703.01365)",
        relevance=f"{_METHODS}.integrated_gradients:relevance",
        options=options.IntegratedGradientsOptions,
        promises_sum=True,
    ),
    Method(
        name="deep_lift_shap",
        about="what sets a sequence apart from dinucleotide shuffles of itself",
        reference="Shrikumar et al., ICML 2017 (arXiv 1704.02685); Lundberg & Lee, NeurIPS 2017",
        relevance=f"{_METHODS}.deep_lift_shap:relevance",
        families=("convolutional",),
        options=options.DeepLiftShapOptions,
        promises_sum=True,
    ),
    Method(
        name="attention_rollout",
        about="where the classifier's token gets its information by attention alone, no sign",
        reference="Abnar & Zuidema, ACL 2020 (arXiv 2005.00928)",
        relevance=f"{_METHODS}.attention_rollout:relevance",
        families=("encoder",),
        needs_rules=True,
        sign=False,
    ),
    Method(
        name="attention_x_gradient",
        about="where it gets what raises the output, by attention alone",
        reference="Chefer et al., ICCV 2021 (arXiv 2103.15679)",
        relevance=f"{_METHODS}.attention_x_gradient:relevance",
        families=("encoder",),
        needs_rules=True,
    ),
    Method(
        name="occlusion",
        about="how much the output falls when a token's nucleotides are hidden",
        reference="Zeiler & Fergus, ECCV 2014 (arXiv 1311.2901)",
        relevance=f"{_METHODS}.occlusion:relevance",
        options=options.OcclusionOptions,
    ),
    Method(
        name="mutagenesis",
        about="what each nucleotide adds to the output against the other three",
        reference="Zhou & Troyanskaya, Nature Methods 2015 (doi 10.1038/nmeth.3547)",
        relevance=f"{_METHODS}.mutagenesis:relevance",
        grain="nucleotide",
    ),
    Method(
        name=RANDOM,
        about="standard normal noise, seeded by the sequence alone: the control",
        relevance=f"{_METHODS}.noise:relevance",
        reads_model=False,
    ),
)


def methods_of(architecture: Architecture) -> tuple[str, ...]:
    """Names of the methods that explain models of an architecture, its first choice first."""
    return tuple(name for name, method in METHODS.items() if method.explains(architecture))


def method_named(name: str, key: str = "") -> Method:
    """The method of a name, which may be that of a control; ``key`` says where it was given.

    Raises
    ------
    InputError
        There is none, or the control of noise, which would be noise again.
    """
    if is_randomised(name) and base_method(name) == RANDOM:
        where = f"{key}: " if key else ""
        raise InputError(f"{where}method {name!r}: noise knows no parameters; take {RANDOM!r}")
    return METHODS.named(base_method(name), key)


def method_names() -> dict[str, str]:
    """All names that can be chosen, controls too, each with its method's."""
    controls = [name + RANDOMISED for name, method in METHODS.items() if method.reads_model]
    return {name: base_method(name) for name in [*METHODS, *controls]}


def options_of(method: Method, given: Mapping[str, Any]) -> Options:
    """Options of a method from keywords.

    Raises
    ------
    InputError
        One that the method has not, or a value that it does not take.
    """
    for name in given:
        if name not in method.options.model_fields:
            raise InputError(_misplaced(name, method))
    try:
        return method.options(**given)
    except ValidationError as error:
        first = error.errors()[0]
        if first["type"] == "literal_error" and len(first["loc"]) == 1:
            allowed = get_args(method.options.model_fields[str(first["loc"][0])].annotation)
            told = f"{first['loc'][0]} {first['input']!r}: choose one of {', '.join(allowed)}"
            raise InputError(told) from None
        raise InputError(best_mistake(error, given, {}).line()) from None


def _misplaced(option: str, method: Method) -> str:
    """What is wrong with an option that a method has not."""
    takers = [repr(name) for name, other in METHODS.items() if option in other.options.model_fields]
    if takers:
        they, them = ("they are", "them") if option.endswith("s") else ("it is", "it")
        wanted = f"{they} for {' and '.join(takers)}, leave {them} out"
        return f"{option} with method {method.name!r}: {wanted}"
    known = ", ".join(method.options.model_fields)
    cure = f"choose from {known}" if known else "it has none, leave it out"
    return f"method {method.name!r} has no option {option!r}; {cure}"


def read_choice(given: object, key: str = "") -> Choice:
    """A chosen method from its name alone, or from one key with its options.

    Parameters
    ----------
    given
        ``"attnlrp"``, or ``{"attnlrp": {"alibi": "identity"}}``; ``_randomised`` may end the name.
    key
        Where it was given, for messages.

    Raises
    ------
    InputError
        Neither of these, no such method, or options that it does not take.
    """
    if isinstance(given, Choice):
        return given
    one = isinstance(given, Mapping) and len(given) == 1
    name, values = next(iter(given.items())) if one else (given, {})  # type: ignore[attr-defined]
    where = f"{key}: " if key else ""
    if not isinstance(name, str) or not isinstance(values, Mapping):
        raise InputError(f"{where}{given!r} is no method; give a name, or one key with its options")
    method = method_named(name, key)
    try:
        return Choice(name, options_of(method, values))
    except InputError as error:
        raise InputError(f"{where}{name}: {error}") from error
