"""Old words that go on working for one release, each with one line that names the new one."""

import logging
import warnings

log = logging.getLogger(__name__)


def renamed(old: str, new: str, where: str = "", *, stacklevel: int = 3) -> None:
    """Tell that an old word was understood, and what to write instead.

    Parameters
    ----------
    old, new
        As they are written: a parameter, an option, a setting, a file's name.
    where
        The setting or file that has the old word: the notice goes to the log. Without it the word
        is in a call, and the notice is a FutureWarning at that call.
    stacklevel
        Of the call, as in :func:`warnings.warn`: 3 is the caller of the function that asks here.
    """
    text = f"{old!r} is now {new!r}; the old word goes with the next release"
    if where:
        log.warning("%s: %s", where, text)
    else:
        warnings.warn(text, FutureWarning, stacklevel=stacklevel)
