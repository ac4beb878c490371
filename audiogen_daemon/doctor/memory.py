"""Whether the model that the daemon starts with fits into the memory that it may use."""

from audiogen_daemon.config import Config
from audiogen_daemon.doctor.check import Check
from audiogen_daemon.doctor.machine import Found
from audiogen_daemon.models.bits import OFF


def memory_question(config: Config) -> tuple[str, ...]:
    """What the MLX probe has to know to answer for this configuration."""
    engine = config.engine
    return engine.model, config.models.folder, engine.dtype, str(engine.quantize), str(engine.memory_gb)


def check_memory(found: Found, config: Config) -> list[Check]:
    """The model fits its budget, and is not slowed down by quantizing; nothing where the probe cannot tell."""
    if "needed" not in found:
        return []
    name, needed, budget = config.engine.model, found["needed"] / 1e6, found["budget"] / 1e6
    bits = config.engine.quantize
    cure = ""
    if needed > budget:
        cure = "raise engine.memory_gb, set engine.quantize to quality, balanced or speed, or use a smaller model"
    checks = [Check("memory", not cure, f"{name} needs about {needed:.0f} MB of {budget:.0f}", cure)]
    if bits != OFF and found["backend"] == "cpu":
        checks.append(Check("quantize", None, f"{bits}, on a CPU", "it saves memory alone; quicker is: off"))
    return checks
