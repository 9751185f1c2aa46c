"""What a beginner does wrong most often, how it is recognised, and what to do about it."""
