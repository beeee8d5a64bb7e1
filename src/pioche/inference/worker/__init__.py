"""The program that holds one model: runs in the runtime `ml`, in a sandbox, and imports nothing of the hub."""
