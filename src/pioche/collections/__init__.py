"""Collections: lists of models, datasets, Spaces, buckets and other collections, with notes, in an order.

Import only `service` and `types` from outside.
"""
