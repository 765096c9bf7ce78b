"""The catalogue of data sources: what ``source`` of a data set may be.

A source of one's own is a file that calls ``SOURCES.add``: docs/how-to/add-a-data-source.md.
"""

from dnalrp.catalogue import Catalogue, resolve
from dnalrp.data.sources.base import DatasetSection, Prepared, Shortest, Source, Supply
from dnalrp.data.sources.fasta import FASTA
from dnalrp.data.sources.intervals import INTERVALS
from dnalrp.data.sources.peaks import PEAKS
from dnalrp.data.sources.simulated import SIMULATED
from dnalrp.data.sources.table import TABLE

__all__ = ["SOURCES", "DatasetSection", "Prepared", "Shortest", "Source", "Supply", "prepare"]

SOURCES: Catalogue[Source] = Catalogue("data source", SIMULATED, PEAKS, TABLE, FASTA, INTERVALS)


def prepare(section: DatasetSection, supply: Supply) -> Prepared:
    """A data set of whatever source, ready for every stage.

    Raises
    ------
    InputError
        What is wrong with its files, by file and line.
    """
    prepared: Prepared = resolve(SOURCES[section.source].prepare)(section, supply)
    return prepared
