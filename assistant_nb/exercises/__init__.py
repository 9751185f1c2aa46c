"""The exercises of the course, and what looks whether one is done."""
