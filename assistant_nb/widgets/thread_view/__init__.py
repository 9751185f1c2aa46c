"""A thread to read, to search, to save and to write to."""
