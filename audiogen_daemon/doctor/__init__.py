"""What can keep the daemon from working on this machine, each with its cure."""

from collections.abc import Sequence

from audiogen_daemon.config import Config
from audiogen_daemon.doctor.check import Check
from audiogen_daemon.doctor.folders import check_disk, check_folders
from audiogen_daemon.doctor.installation import check_extras, check_model, check_service
from audiogen_daemon.doctor.machine import (
    check_input,
    check_machine,
    check_mlx,
    check_python,
    check_sound,
    finish_probe,
    start_probe,
)
from audiogen_daemon.doctor.memory import check_memory, memory_question
from audiogen_daemon.doctor.port import check_port
from audiogen_daemon.doctor.tablets import check_tablets


def examine(config: Config) -> list[Check]:
    """Look at everything; takes about a second, at most machine.PROBE_TIMEOUT."""
    probes = [
        start_probe("mlx", *memory_question(config)),
        start_probe("sound", config.monitor.device),
        start_probe("input", config.record.device),
    ]
    folders = check_folders(config)
    rest = [check_disk(config), check_model(config), check_service(), check_extras()]
    mlx, sound, source = (finish_probe(probe) for probe in probes)
    return [
        check_python(),
        check_machine(),
        *check_mlx(mlx),
        *check_memory(mlx, config),
        check_sound(sound, config),
        check_input(source),
        check_port(config),
        check_tablets(config),
        *folders,
        *rest,
    ]


def healthy(checks: Sequence[Check]) -> bool:
    """Whether nothing is broken."""
    return all(check.ok is not False for check in checks)
