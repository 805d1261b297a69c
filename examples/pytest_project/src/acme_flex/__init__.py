"""Acme's integration with the Flexible Power Portal: it posts meter readings, and obeys dispatches."""
