"""From nucleotide maps to motifs, and whether they are the true ones."""
