"""Old words that go on working for one release, each with one line that names the new one."""

import logging
import warnings
from collections.abc import Callable, Sequence
from functools import wraps
from typing import ParamSpec, TypeVar

log = logging.getLogger(__name__)
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def renamed(old: str, new: str, where: str = "") -> None:
    """Tell that an old word was understood, and what to write instead.

    Parameters
    ----------
    old, new
        As they are written: a parameter, an option, a setting, a file's name.
    where
        The setting or file that has the old word: the notice goes to the log. Without it the word
        is in a call, and the notice is a FutureWarning at that call.
    """
    text = f"{old!r} is now {new!r}; the old word goes with the next release"
    if where:
        log.warning("%s: %s", where, text)
    else:
        warnings.warn(text, FutureWarning, stacklevel=3)  # the caller of the one that asks


def positional_until_next_release(
    count: int, names: Sequence[str]
) -> Callable[[Callable[Parameters, Result]], Callable[Parameters, Result]]:
    """Let a function take by position what is a keyword now, with a notice.

    Parameters
    ----------
    count
        How many arguments are still positional.
    names
        Of those after them, in their old order.
    """

    def decorated(function: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
        @wraps(function)
        def called(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
            if not count < len(args) <= count + len(names):  # Python itself refuses too many
                return function(*args, **kwargs)
            late = dict(zip(names, args[count:], strict=False))
            renamed(
                f"{function.__name__}(..., {', '.join(map(repr, late.values()))})",
                ", ".join(f"{name}={value!r}" for name, value in late.items()),
            )
            return function(*args[:count], **late, **kwargs)  # type: ignore[arg-type]

        return called

    return decorated
