"""Clocks, London time, triggers and the scheduler. Knows nothing of the market."""
