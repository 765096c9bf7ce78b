"""The door: settings that pass it are understood, agree with each other, and name what is there."""

from pydantic import ValidationError

from dnalrp.errors import InputError
from dnalrp.extensions import load_extensions
from dnalrp.mistakes import best_mistake
from dnalrp.settings.configuration import Configuration
from dnalrp.settings.old_words import in_new_words
from dnalrp.settings.outside import check_outside
from dnalrp.settings.reading import GivenSettings


def read_configuration(settings: GivenSettings) -> Configuration:
    """The settings, understood; refused if the workflow could not run with them.

    Files of ``extensions`` are loaded first, so that what they add to the catalogues can be
    chosen. Old words are understood, with a notice in the log.

    Parameters
    ----------
    settings
        As YAML gives them, those that are null left out: :func:`~dnalrp.settings.without_nulls`.

    Raises
    ------
    InputError
        One line: the key, the offending value and the cure.
    """
    extensions = settings.get("extensions")
    if isinstance(extensions, list) and all(isinstance(path, str) for path in extensions):
        load_extensions(extensions)
    settings, renamed = in_new_words(settings)
    try:
        configuration = Configuration.model_validate(settings)
    except ValidationError as error:
        raise InputError(best_mistake(error, settings, renamed).line()) from None
    check_outside(configuration)
    return configuration
