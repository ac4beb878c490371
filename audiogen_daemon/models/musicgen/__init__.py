"""MusicGen: text to codec tokens to audio (Copet et al. 2023, arXiv:2306.05284)."""
