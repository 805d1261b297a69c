"""One function for each thing that can happen: it takes a unit of work, and records the facts it produced."""
