"""A debugger for runs."""
