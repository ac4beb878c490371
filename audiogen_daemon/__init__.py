"""audiogen-daemon: music generation on MLX as a DAW companion over OSC."""

__version__ = "0.1.0"
