"""From downloads and settings to labelled sequences and their true motif sites."""
