"""What ALiBi's bias contributed, by distance: a picture in the report, and no metric."""

METRICS = ()
NOTE = (
    "AttnLRP alone: what ALiBi's bias on attention contributed, by layer, head and "
    "distance in tokens, in the sign of the output, mean over sequences. Blue speaks against."
)
