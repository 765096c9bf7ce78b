"""Settings of controls that are trained."""

from dnalrp.section import Section, Unique


class Controls(Section):
    """Models that cannot know anything."""

    shuffled_labels: Unique[list[str]]
    """Data sets whose models are trained once more, on shuffled labels."""
