"""Model families on MLX: one folder per family, each a generator of audio."""
