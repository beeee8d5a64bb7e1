"""Papers: what cards refer to by its arXiv number.

Table: `papers` (truth: what people told of a paper; the hub asks nobody else). Which repositories refer to a paper is
read from their tags (`arxiv:2401.01234`). A paper is known to whoever may see something that refers to it, and to all
once somebody has told of it.
"""
