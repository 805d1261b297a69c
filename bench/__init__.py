"""Measures this simulator against its peers on one machine: `make bench`, or `python -m bench`.

Each server is started alone, measured, and ended before the next one starts. The load comes from `wrk`
on the same machine, so server and load generator share its cores: the figures rank servers that were
measured in the same run, and say little about other machines. Peers and their exact versions are in
`versions.py`; they are installed under `.bench/`, which ignores itself in git.

    python -m bench                         everything, about five minutes without the peers' installation
    python -m bench --only flexsim --json figures.json
    python -m bench --help

Exit codes: 0 every measurement is valid (a missed promise is printed and does not change the code),
1 a measurement is invalid or failed, 2 wrong usage or a tool is missing.
"""
