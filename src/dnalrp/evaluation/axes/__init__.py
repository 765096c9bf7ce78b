"""One file an axis of metrics: its cards, how they are computed, its note."""
