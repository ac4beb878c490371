"""A JACK client that plays samples as an instrument would: `python jack_source.py FILE [AT]`, until stdin closes.

FILE is an .npy of (samples,), which are played over and over from AT on, monotonic seconds, or at once. PortAudio sees
an input named "source". Prints "ready", and at the end "saved": FILE.blocks.npy then holds when it was asked for each
block, and the block's first sample.
"""

import ctypes
import sys
import time
from ctypes import c_char_p, c_int, c_uint32, c_void_p
from ctypes.util import find_library

import numpy as np

OUTPUT = 2


def main(file: str, at: str = "") -> None:
    jack = ctypes.CDLL(find_library("jack"))
    for name, result, arguments in (
        ("jack_client_open", c_void_p, [c_char_p, c_int, c_void_p]),
        ("jack_port_register", c_void_p, [c_void_p, c_char_p, c_char_p, c_uint32, c_uint32]),
        ("jack_port_get_buffer", c_void_p, [c_void_p, c_uint32]),
        ("jack_get_sample_rate", c_uint32, [c_void_p]),
        ("jack_set_process_callback", c_int, [c_void_p, c_void_p, c_void_p]),
        ("jack_activate", c_int, [c_void_p]),
        ("jack_client_close", c_int, [c_void_p]),
    ):
        function = getattr(jack, name)
        function.restype, function.argtypes = result, arguments
    pcm = np.load(file).astype(np.float32)
    client = jack.jack_client_open(b"source", 0, None)
    port = jack.jack_port_register(client, b"out", b"32 bit float mono audio", OUTPUT, 0)
    rate = jack.jack_get_sample_rate(client)
    begin = float(at or time.monotonic())
    position, blocks = None, []

    @ctypes.CFUNCTYPE(c_int, c_uint32, c_void_p)
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
