"""Responses and conversations: the other face of runs and threads."""
