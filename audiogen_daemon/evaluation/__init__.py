"""Scores for a text-to-music model: does it play the tempo, key and instrument that the prompt asks for?

Everything here is numpy. The metrics are our own and not a music-information library's because each was measured on
audio whose true tempo, key and instrument are known: the model card states those ceilings, and a score only means
something beside them. They also keep the command free of numba, scipy and scikit-learn.
"""

from audiogen_daemon.evaluation.report import Report, Score, evaluate

__all__ = ["Report", "Score", "evaluate"]
