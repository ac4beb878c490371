"""What the doctor looks at in a process of its own: `python -m audiogen_daemon.doctor.probe mlx|sound [ARGUMENT …]`.

MLX may abort the process it is imported into, and PortAudio prints what it likes to stderr. The answer is one line of
JSON on stdout; what goes wrong is said under "error".
"""

import importlib.metadata
import json
import math
import sys
import time
from pathlib import Path
from typing import Any

from audiogen_daemon.engine.blas import load_blas
from audiogen_daemon.models.bits import parse_bits

PRODUCT = 512
"""Rows and columns of the matrices that measure the BLAS: 0.27 GFLOP, a quarter of a second on the slowest one."""
SECONDS = 0.5
"""Length of the trial take."""


def look_at_mlx() -> dict[str, Any]:
    """Import MLX as the engine does, multiply two matrices and make a short take.

    Returns:
        version, backend, device, memory (bytes), blas, gflops, builds (installed MLX builds), samples, wanted (samples)
        and speed of the take.
    """
    blas = load_blas()
    import mlx.core as mx

    from audiogen_daemon.models import tone
    from audiogen_daemon.models.backend import detect
    from audiogen_daemon.models.pipeline import Audio, Request

    device = mx.device_info(mx.default_device())
    pipeline = tone.load()
    request = Request("probe", SECONDS, seed=0, sampling=pipeline.sampling)
    start = time.perf_counter()
    parts = [item.pcm for item in pipeline.generate(request) if isinstance(item, Audio)]
    seconds = time.perf_counter() - start
    if not all(math.isfinite(float(abs(part).max())) for part in parts):
        return {"error": "the trial take is no sound: it holds infinite samples"}
    return {
        "version": importlib.metadata.version("mlx"),
        "backend": detect().name,
        "device": str(device.get("device_name", "")),
        "memory": int(device.get("memory_size") or device.get("total_memory") or 0),
        "blas": blas,
        "gflops": _measure_product(),
        "builds": builds(),
        "samples": sum(len(part) for part in parts),
        "wanted": round(SECONDS * pipeline.sample_rate),
        "speed": SECONDS / seconds,
    }


def look_at_memory(model: str, folder: str, dtype: str, bits: str, memory_gb: str) -> dict[str, Any]:
    """What a model needs and the engine may use; all as the configuration says it.

    Returns:
        needed and budget, in bytes; nothing for a model that is not here, of which another check tells.
    """
    import mlx.core as mx

    from audiogen_daemon.engine.memory import limits, usable_bytes
    from audiogen_daemon.models import registry

    try:
        needed = registry.memory(model, Path(folder), dtype, parse_bits(bits))
    except (LookupError, ValueError, OSError):
        return {}
    return {
        "needed": needed,
        "budget": limits(float(memory_gb), usable_bytes(), mx.metal.is_available()).budget,
    }


def _measure_product() -> float:
    """Speed of a float32 matrix product, in 1e9 multiplications and additions per second."""
    import mlx.core as mx

    matrix = mx.ones((PRODUCT, PRODUCT))
    mx.eval(matrix @ matrix)
    start = time.perf_counter()
    mx.eval(matrix @ matrix.T)
    return 2 * PRODUCT**3 / (time.perf_counter() - start) / 1e9


def builds() -> list[str]:
    """The installed packages that bring MLX's library; more than one overwrite each other."""
    names = {(found.metadata["Name"] or "").lower() for found in importlib.metadata.distributions()}
    return sorted(name for name in names if name == "mlx-cpu" or name.startswith("mlx-cuda"))


def look_at_sound(device: str) -> dict[str, Any]:
    """Ask PortAudio for an output and whether it takes float32 at its own rate; nothing is played.

    Args:
        device: part of its name; "" is the system's default.

    Returns:
        name, rate (Hz), channels, outputs (names of all).
    """
    import sounddevice

    outputs = [str(info["name"]) for info in sounddevice.query_devices() if info["max_output_channels"] > 0]
    try:
        info = sounddevice.query_devices(device or None, "output")
        rate, channels = float(info["default_samplerate"]), min(2, int(info["max_output_channels"]))
        sounddevice.check_output_settings(info["index"], channels, "float32", samplerate=rate)
    except (sounddevice.PortAudioError, ValueError) as error:
        return {"error": str(error), "outputs": outputs}
    return {"name": str(info["name"]), "rate": rate, "channels": channels, "outputs": outputs}


def look_at_input(device: str) -> dict[str, Any]:
    """Ask PortAudio for an input without opening it, which macOS would ask about; arguments as `look_at_sound`.

    Returns:
        name, rate (Hz), channels, inputs (names of all).
    """
    import sounddevice

    inputs = [str(info["name"]) for info in sounddevice.query_devices() if info["max_input_channels"] > 0]
    try:
        info = sounddevice.query_devices(device or None, "input")
    except (sounddevice.PortAudioError, ValueError) as error:
        return {"error": str(error), "inputs": inputs}
    rate, channels = float(info["default_samplerate"]), min(2, int(info["max_input_channels"]))
    return {"name": str(info["name"]), "rate": rate, "channels": channels, "inputs": inputs}


def main(arguments: list[str]) -> int:
    """Print what was found as JSON."""
    kind, *rest = arguments
    try:
        if kind == "mlx":
            found = look_at_mlx() | (look_at_memory(*rest) if rest else {})
        else:
            look = look_at_input if kind == "input" else look_at_sound
            found = look(rest[0] if rest else "")
    except (ImportError, OSError) as error:
        found = {"error": f"{type(error).__name__}: {error}"}
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
