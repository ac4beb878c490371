"""The engine process, which owns MLX, and the supervisor that keeps it alive."""
