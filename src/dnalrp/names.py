"""The words of the tables and file names, and what they say: one place for all that read them.

A *method* is named as in the catalogue of methods; a *model* as in the settings. Suffixes make
controls of both. A few words stand where a method's, a model's or a seed's name would.
"""

RANDOM = "random"
"""The method that is noise: it depends on the sequence alone."""
RANDOMISED = "_randomised"
"""Ends a method that explains a copy of the model with new random parameters: a control."""
SHUFFLED = "_shuffled"
"""Ends the name of a model that was trained on shuffled labels: a control."""
CEILING, BEST_ORDER = "ceiling", "best order"
"""In place of a method: the truth seen through the tokens, and the best order found."""
NATIVE, AVERAGE = "native", "average"
"""Maps that no projection made: a method's own on tokens, and the mean over segmentations."""
BETWEEN_MODELS, BETWEEN_SEEDS = "between_models", "between_seeds"
"""In place of a model's name, or of a seed's, in rows of the tables that compare two."""
PAIR = "~"
"""Joins the names of two methods whose maps are compared."""


def base_method(method: str) -> str:
    """The method of the catalogue that a control is a control of; a method itself."""
    return method.removesuffix(RANDOMISED)


def base_model(model: str) -> str:
    """The model of the settings that a control is a control of; a model itself."""
    return model.removesuffix(SHUFFLED)


def is_randomised(method: str) -> bool:
    """Does the method explain a model with new random parameters?"""
    return method.endswith(RANDOMISED)


def is_shuffled(model: str) -> bool:
    """Was the model trained on shuffled labels?"""
    return model.endswith(SHUFFLED)


def is_control(method: str) -> bool:
    """Is the method one that cannot know anything of what the model learnt?"""
    return method == RANDOM or is_randomised(method)


def is_reference(method: str) -> bool:
    """Does the name stand for no method, but for what a score is held against?"""
    return method in (CEILING, BEST_ORDER)


def pair_name(first: str, second: str) -> str:
    """Name of a comparison of two methods' maps."""
    return f"{first}{PAIR}{second}"


def is_pair(method: str) -> bool:
    """Does the name stand for two methods whose maps are compared?"""
    return PAIR in method
