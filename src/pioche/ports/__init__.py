"""The seams to the outside: one Protocol a port, implementations in the files beside it."""
