"""A hub that is alive on day one: real data, real models, made on this machine.

Programs that make data and convert models are in `programs/`; they run in the runtime `ml`, in a sandbox. What is
trained goes through `training` as anybody's would.
"""
