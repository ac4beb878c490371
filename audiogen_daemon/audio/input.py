"""An input is one open PortAudio stream that puts its blocks into a ring, and knows when each sample was captured."""

import atexit
import sys
import threading
import time
from typing import Any

from audiogen_daemon.audio.clock import StreamClock, believable
from audiogen_daemon.audio.output import OutputError, load_portaudio
from audiogen_daemon.audio.ring import Ring
from audiogen_daemon.audio.stillness import Stillness

RING = 10.0
"""Seconds that a slow disk may take before sound is lost."""


class InputError(Exception):
    """Nothing can be recorded; says why and what helps."""


class Input:
    """A running stream at the device's own rate, with one or two channels as the device has them.

    Args:
        device: part of a device's name, or None for the system's default input.

    Raises:
        InputError: no such device, or it cannot be opened.
    """

    def __init__(self, device: str | None) -> None:
        try:
            portaudio = load_portaudio()
        except OutputError as error:
            raise InputError(str(error).replace("to hear takes", "to record")) from error
        try:
            info = portaudio.query_devices(device, "input")
        except (portaudio.PortAudioError, ValueError) as error:
            raise InputError(_no_device(portaudio, device, error)) from error
        self.name = str(info["name"])
        self.rate = round(float(info["default_samplerate"]))
        self.channels = min(2, int(info["max_input_channels"]))
        self.ring = Ring(round(RING * self.rate), self.channels)
        self.clock = StreamClock(self.rate)
        self.dropped = 0
        """How often sound was lost: by the device, or because the ring was full."""
        self._finished = False
        self._latency = 0.0
        try:
            self._stream = portaudio.InputStream(
                device=info["index"],
                samplerate=self.rate,
                channels=self.channels,
                dtype="float32",
                latency="high",
                callback=self._callback,
                finished_callback=self._finish,
            )
            self._latency = believable(float(self._stream.latency))
            self._stream.start()
        except portaudio.PortAudioError as error:
            raise InputError(f'the input "{self.name}" does not open ({error}); {_cure()}') from error
        self._stillness = Stillness(time.monotonic())

    def _callback(self, block: Any, frames: int, moment: Any, status: Any) -> None:
        # Below zero where PortAudio cuts a block in two and stamps the second half after the first.
        age = believable(moment.currentTime - moment.inputBufferAdcTime, self._latency + frames / self.rate)
        if status:
            self.dropped += 1
            self.clock.interrupted()
        self.clock.update(self.ring.written, time.monotonic() - age)
        if self.ring.write(block) < frames:
            self.dropped += 1

    def _finish(self) -> None:
        self._finished = True

    def lost(self, patience: float = 2.0) -> str:
        """Return why nothing comes in any more, or an empty string while it does."""
        if self._finished or not self._stream.active:
            return "the stream ended"
        if self._stillness.look(self.ring.written, time.monotonic()) > patience:
            return f"the device gave nothing in {patience:g} s"
        return ""

    def close(self, patience: float = 1.0) -> None:
        """Give the device back, waiting no longer than `patience` seconds: PortAudio may hang with its sound server."""
        closer = threading.Thread(target=self._stream.close, args=(True,), name="input-close", daemon=True)
        closer.start()
        closer.join(patience)
        if closer.is_alive():
            # At the process's end PortAudio would wait again.
            atexit.unregister(load_portaudio()._exit_handler)


def _no_device(portaudio: Any, device: str | None, error: Exception) -> str:
    inputs = [str(info["name"]) for info in portaudio.query_devices() if info["max_input_channels"] > 0]
    if not inputs:
        return "this machine has no sound input; connect a microphone or an interface"
    if device is None:
        return f"no default input ({error}); set record.device to one of: {', '.join(inputs)}"
    return f'no input matches "{device}"; set record.device to one of: {", ".join(inputs)}'


def _cure() -> str:
    if sys.platform == "darwin":
        return "allow it in System Settings > Privacy & Security > Microphone, or close the program that holds it"
    return "is another program using it?"
