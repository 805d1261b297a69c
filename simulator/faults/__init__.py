"""Faults: what testers let go wrong on purpose, at the two seams where messages come in and go out."""
