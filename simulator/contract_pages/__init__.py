"""A contract told to people: what the Documentation pages of portal and console are made of. It knows no surface."""
