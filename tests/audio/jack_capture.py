"""A JACK client that writes down what a port plays and when: `python jack_capture.py PORT FILE`, until stdin closes.

FILE is an .npz of `pcm` (blocks, frames), `at` (blocks,), the monotonic seconds at which each block left for the sound
card, or a little later where this process woke up late, and `latency`, the seconds from there to the speaker as the
card tells them. Prints "ready".
"""

import ctypes
import sys
import time
from ctypes import c_void_p

import numpy as np

from tests.audio.jack_library import AUDIO, INPUT, PLAYBACK, Process, Range, libjack


def main(port: str, file: str) -> None:
    jack = libjack()
    client = jack.jack_client_open(b"capture", 0, None)
    ear = jack.jack_port_register(client, b"in", AUDIO, INPUT, 0)
    blocks: list[tuple[float, bytes]] = []

    @Process
    def process(count: int, _: object) -> int:
        blocks.append((time.monotonic(), ctypes.string_at(jack.jack_port_get_buffer(ear, count), 4 * count)))
        return 0

    jack.jack_set_process_callback(client, ctypes.cast(process, c_void_p), None)
    jack.jack_activate(client)
    assert jack.jack_connect(client, port.encode(), jack.jack_port_name(ear)) == 0, port
    card = Range()
    jack.jack_port_get_latency_range(jack.jack_port_by_name(client, b"system:playback_1"), PLAYBACK, ctypes.byref(card))
    print("ready", flush=True)
    sys.stdin.read()
    rate = jack.jack_get_sample_rate(client)
    jack.jack_client_close(client)
    np.savez(
        file,
        pcm=np.array([np.frombuffer(data, np.float32) for _, data in blocks]),
        at=np.array([at for at, _ in blocks]),
        latency=card.low / rate,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
