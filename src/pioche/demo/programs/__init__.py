"""Programs of the runtime `ml`: they import nothing of the hub. What they write into their folder is published."""
