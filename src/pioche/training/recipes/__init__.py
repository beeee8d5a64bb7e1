"""Programs that train: each runs in the runtime `ml`, in a sandbox, and imports nothing of the hub."""
