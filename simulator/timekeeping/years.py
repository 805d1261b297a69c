"""The years of market time."""

from __future__ import annotations

FIRST_YEAR, LAST_YEAR = 1971, 8999
"""Market time stays well within the years that dates can express, so that zones and timetables work everywhere."""
