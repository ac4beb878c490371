"""An output is one open PortAudio stream that pulls its blocks from a player.

PortAudio is imported when the first output is opened: without the library everything else works.
"""

import atexit
import sys
import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from audiogen_daemon.audio.clock import StreamClock, believable
from audiogen_daemon.audio.player import Player
from audiogen_daemon.audio.stillness import Stillness


class OutputError(Exception):
    """No sound can be put out; says why and what helps."""

    def __init__(self, reason: str, *, lasting: bool = False) -> None:
        super().__init__(reason)
        self.lasting = lasting
        """Whether trying again is pointless until the daemon is restarted."""


def load_portaudio() -> ModuleType:
    """Return the sounddevice module.

    Raises:
        OutputError: PortAudio or its Python binding is not on this machine; lasting.
    """
    try:
        import sounddevice
    except (OSError, ImportError) as error:
        cure = "pip install sounddevice" if sys.platform == "darwin" else "sudo apt install libportaudio2"
        raise OutputError(f"no PortAudio ({error}); to hear takes: {cure}", lasting=True) from error
    module: ModuleType = sounddevice
    return module


def refresh_devices() -> None:
    """Make PortAudio look for devices again; it only looks when it is initialised. No stream may be open."""
    portaudio = load_portaudio()
    try:
        portaudio._terminate()
        portaudio._initialize()
    except portaudio.PortAudioError as error:
        raise OutputError(f"PortAudio does not start again ({error})") from error


def find_output(device: str | None) -> dict[str, Any]:
    """Return what PortAudio knows of an output; arguments and errors as `Output`."""
    portaudio = load_portaudio()
    try:
        info: dict[str, Any] = portaudio.query_devices(device, "output")
    except (portaudio.PortAudioError, ValueError) as error:
        raise OutputError(_no_device(portaudio, device, error)) from error
    return info


class Output:
    """A running stream, at the device's own rate.

    Args:
        device: part of a device's name, or None for the system's default output.
        block: frames per callback.
        make_player: given the device's rate and the number of channels opened, returns the player to pull from.

    Raises:
        OutputError: no such device, or it cannot be opened.
    """

    def __init__(self, device: str | None, block: int, make_player: Callable[[int, int], Player]) -> None:
        portaudio = load_portaudio()
        info = find_output(device)
        self.name = str(info["name"])
        self.rate = round(float(info["default_samplerate"]))
        self.channels = min(2, int(info["max_output_channels"]))
        self.underflows = 0
        self.callbacks = 0
        self.clock = StreamClock(self.rate)
        self.player = make_player(self.rate, self.channels)
        self._finished = False
        self._closer: threading.Thread | None = None
        try:
            self._stream = portaudio.OutputStream(
                device=info["index"],
                samplerate=self.rate,
                channels=self.channels,
                dtype="float32",
                blocksize=block,
                latency="high",
                callback=self._callback,
                finished_callback=self._finish,
            )
        except portaudio.PortAudioError as error:
            raise OutputError(
                f'the output "{self.name}" does not open ({error}); close the program that uses it'
            ) from error
        try:
            self._stream.start()
        except portaudio.PortAudioError as error:
            self._close()
            raise OutputError(f'the output "{self.name}" does not start ({error}); connect it again') from error
        self.latency = believable(float(self._stream.latency))
        self._stillness = Stillness(time.monotonic())

    def _callback(self, out: Any, frames: int, moment: Any, status: Any) -> None:
        if status:
            self.underflows += 1
            self.clock.interrupted()
        lead = believable(moment.outputBufferDacTime - moment.currentTime)
        self.clock.update(self.player.position, time.monotonic() + max(0.0, lead))
        self.player.render(out)
        self.callbacks += 1

    def _finish(self) -> None:
        self._finished = True

    def lost(self, patience: float = 2.0) -> str:
        """Return why the stream has stopped pulling, or an empty string while it runs."""
        if self._finished or not self._stream.active:
            return "the stream ended"
        if self._stillness.look(self.callbacks, time.monotonic()) > patience:
            return f"the device asked for nothing in {patience:g} s"
        return ""

    def close(self, patience: float = 1.0) -> None:
        """Stop at once and give the device back, waiting no longer than `patience` seconds; see `closed`."""
        # PortAudio waits for ten minutes when its JACK server has died; nothing else may wait with it.
        self._closer = threading.Thread(target=self._close, name="output-close", daemon=True)
        self._closer.start()
        self._closer.join(patience)
        if self._closer.is_alive():
            # At the process's end PortAudio would wait again.
            atexit.unregister(load_portaudio()._exit_handler)

    def _close(self) -> None:
        self._stream.close(ignore_errors=True)

    @property
    def closed(self) -> bool:
        """Whether PortAudio has let go of the device."""
        return self._closer is not None and not self._closer.is_alive()


def _no_device(portaudio: ModuleType, device: str | None, error: Exception) -> str:
    outputs = [str(info["name"]) for info in portaudio.query_devices() if info["max_output_channels"] > 0]
    if not outputs:
        return "this machine has no sound output; connect one, or set monitor.enabled=false"
    if device is None:
        return f"no default output ({error}); set monitor.device to one of: {', '.join(outputs)}"
    return f'no output matches "{device}"; name one of: {", ".join(outputs)}'
