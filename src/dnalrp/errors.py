"""The one exception that a user's mistake raises."""


class InputError(ValueError):
    """Something a user gave is wrong.

    The message is one line that names the file, line or key, the offending value and the cure.
    Programs print it without a traceback.
    """
