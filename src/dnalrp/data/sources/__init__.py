"""Where labelled sequences come from: one file a source, all of them in the catalogue."""
