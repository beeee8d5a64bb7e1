"""Wire formats, pure: typed, without I/O, each with its source."""
