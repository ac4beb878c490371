"""A JACK client that plays samples as an instrument would: `python jack_source.py FILE [AT]`, until stdin closes.

FILE is an .npy of (samples,), which are played over and over from AT on, monotonic seconds, or at once. PortAudio sees
an input named "source". Prints "ready", and at the end "saved": FILE.blocks.npy then holds when it was asked for each
block, and the block's first sample.
"""

import ctypes
import sys
import time
from ctypes import c_void_p

import numpy as np

from tests.audio.jack_library import AUDIO, OUTPUT, Process, libjack


def main(file: str, at: str = "") -> None:
    jack = libjack()
    pcm = np.load(file).astype(np.float32)
    client = jack.jack_client_open(b"source", 0, None)
    port = jack.jack_port_register(client, b"out", AUDIO, OUTPUT, 0)
    rate = jack.jack_get_sample_rate(client)
    begin = float(at or time.monotonic())
    position, blocks = None, []

    @Process
    def process(count: int, _: object) -> int:
        nonlocal position
        now = time.monotonic()
        position = round((now - begin) * rate) if position is None else position
        blocks.append((now, position))
        places = np.arange(position, position + count)
        block = np.where(places < 0, 0, np.take(pcm, places, mode="wrap")).astype(np.float32)
        ctypes.memmove(jack.jack_port_get_buffer(port, count), block.ctypes.data, 4 * count)
        position += count
        return 0

    jack.jack_set_process_callback(client, ctypes.cast(process, c_void_p), None)
    jack.jack_activate(client)
    print("ready", flush=True)
    sys.stdin.read()
    jack.jack_client_close(client)
    np.save(f"{file}.blocks.npy", np.array(blocks))
    print("saved", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
