"""A form for assistants, with the same as code."""
