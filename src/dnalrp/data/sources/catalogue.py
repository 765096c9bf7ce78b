"""The catalogue of data sources: what ``source`` of a data set may be.

A source of one's own is a file that calls ``SOURCES.add``: docs/how-to/add-a-data-source.md.
"""

from dnalrp.catalogue import Catalogue
from dnalrp.data.sources.base import DatasetSection, Prepared, Shortest, Source, Supply
from dnalrp.data.sources.fasta import FASTA
from dnalrp.data.sources.intervals import INTERVALS
from dnalrp.data.sources.peaks import PEAKS
from dnalrp.data.sources.simulated import SIMULATED
from dnalrp.data.sources.table import TABLE

__all__ = ["SOURCES", "DatasetSection", "Prepared", "Shortest", "Source", "Supply"]

SOURCES: Catalogue[Source] = Catalogue("data source", SIMULATED, PEAKS, TABLE, FASTA, INTERVALS)
