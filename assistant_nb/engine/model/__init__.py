"""What answers: one small protocol (`base`) and its implementations."""
