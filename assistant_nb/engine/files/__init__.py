"""Files and vector stores: their bytes, their text, and searching it."""
