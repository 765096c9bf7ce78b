"""Relevance in the file formats that genome browsers and other programs read."""
