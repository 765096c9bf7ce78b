"""A terminal for tests of what asks there."""


class Typist:
    """A terminal at which somebody types these lines."""

    def __init__(self, answers):
        self.answers = answers

    def isatty(self):
        return True

    def readline(self):
        return next(self.answers) + "\n"
