"""Runs: the loop that moves them, and all that it needs."""
