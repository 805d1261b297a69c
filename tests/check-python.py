"""Says in plain words when Python is too old, before anything else fails with a riddle."""

import sys

if sys.version_info < (3, 11):
    sys.exit("Python 3.11 or newer is needed; this is %s. Name another with: make PYTHON=python3.12 ..."
             % sys.version.split()[0])
