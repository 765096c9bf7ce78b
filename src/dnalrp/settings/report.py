"""Settings of the report."""

from dnalrp.section import Count, Section


class Report(Section):
    """What the report shows."""

    examples: Count
    """Sequences a data set that are shown as logos."""
