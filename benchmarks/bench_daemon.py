"""The running daemon: start, first audio, idle load and memory. `python -m benchmarks.bench_daemon [MODEL]`"""

import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

from audiogen_daemon.client import Client
from audiogen_daemon.resident import resident_bytes
from audiogen_daemon.service.lock import holder
from benchmarks.machine import print_machine

TAKES = 10
IDLE_SECONDS = 10.0


def main() -> None:
    """Print the table for one model."""
    model = sys.argv[1] if len(sys.argv) > 1 else "starter"
    print_machine()
    with tempfile.TemporaryDirectory() as folder:
        sets = [f"engine.model={model}", "monitor.enabled=false", "osc.listen=127.0.0.1:0", "osc.notify="]
        sets += [f"stems.folder={folder}/stems", f"daemon.state={folder}/state"]
        words = [sys.executable, "-m", "audiogen_daemon", "run", *(w for s in sets for w in ("--set", s))]
        began = time.monotonic()
        with open(f"{folder}/output", "wb") as output:
            process = subprocess.Popen(words, stdout=output, stderr=output)
        try:
            measure(Path(folder) / "state", process.pid, began, model)
        finally:
            process.terminate()
            process.wait(20)


def measure(state: Path, pid: int, began: float, model: str) -> None:
    """Print one row per figure."""
    pause = threading.Event()
    while (found := holder(state)) is None or not found.port:
        pause.wait(0.005)
    with Client(found.host, found.port) as client:
        answer(client, "/ping", "/pong")
        row("process start to /pong", time.monotonic() - began, "s")
        client.send("/subscribe")
        while "ready" not in answer(client, "/status", "/status/reply"):
            pause.wait(0.02)
        row(f"process start to {model} warm", time.monotonic() - began, "s")
        first, speed = [], []
        for number in range(TAKES):
            client.send("/generate", f"dusty rhodes loop {number}", "seconds", 5)
            for address, values in client.answers(300):
                if address == "/take/audible":
                    first.append(values[1])
                elif address == "/take/done":
                    speed.append(values[2])
                elif address == "/stem/saved":
                    break
        row("/generate to first audio, first take", first[0], "s")
        row(f"/generate to first audio, median of {TAKES}", median(first), "s")
        row(f"speed, median of {TAKES} takes of 5 s", median(speed), "x real time")
        before = cpu_seconds(pid), time.monotonic()
        pause.wait(IDLE_SECONDS)
        load = (cpu_seconds(pid) - before[0]) / (time.monotonic() - before[1])
        row("idle load of the daemon process", 100 * load, "% of a core")
        row("memory of the daemon process", resident_bytes(pid) / 1e6, "MB")
        engine = int(
            subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=True).stdout.split()[0]
        )
        row("memory of the engine process", resident_bytes(engine) / 1e6, "MB")


def answer(client: Client, question: str, reply: str) -> list[object]:
    client.send(question)
    for address, values in client.answers(1.0):
        if address == reply:
            return values
    return []


def cpu_seconds(pid: int) -> float:
    """User and system time so far; ps prints [[dd-]hh:]mm:ss[.cc], on Linux in whole seconds, so /proc where it is."""
    stat = Path(f"/proc/{pid}/stat")
    if stat.exists():
        fields = stat.read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / 100
    text = subprocess.run(["ps", "-o", "time=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout
    seconds = 0.0
    for part in text.strip().replace("-", ":").split(":"):
        seconds = seconds * 60 + float(part)
    return seconds


def row(name: str, value: float, unit: str) -> None:
    print(f"{name:<48} {value:10.3f} {unit}")


if __name__ == "__main__":
    main()
