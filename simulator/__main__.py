"""`python -m simulator` is `flexsim`."""

from simulator.cli import main

main(prog_name="flexsim")
