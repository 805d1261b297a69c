"""Programs that use the simulated platforms from outside, to copy from."""
