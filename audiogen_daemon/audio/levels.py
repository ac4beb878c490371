"""Peaks as decibels, as meters show them."""

import math

FLOOR_DB = -120.0
"""What silence is shown as, dBFS."""


def decibels(peak: float) -> float:
    """Return a peak, 1 being full scale, in dBFS."""
    return max(FLOOR_DB, 20 * math.log10(max(peak, 1e-9)))
