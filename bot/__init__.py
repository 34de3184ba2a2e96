"""The readers' door: one conversation, and a thin adapter for each place it is held in."""
