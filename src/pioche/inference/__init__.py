"""Inference: everyone tries a published model, in its page or by API.

One worker process per model that is in use, in a sandbox without a network, started when somebody asks and stopped
when nobody has for a while. No table: what runs is known by the runs of the executor, and a hub that starts again
begins with all models asleep. Emits and hears nothing.
"""
