"""Tools that the engine runs by itself: one small protocol (`base`) and its implementations."""
