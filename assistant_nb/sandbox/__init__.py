"""The sandbox: where code that a model wrote runs, and what it cannot do from there."""
