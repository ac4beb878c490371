"""The part of libjack that the clients of the tests use."""

import ctypes
from ctypes import c_char_p, c_int, c_uint32, c_void_p
from ctypes.util import find_library

INPUT, OUTPUT = 1, 2
AUDIO = b"32 bit float mono audio"
PLAYBACK = 1


class Range(ctypes.Structure):
    """Latencies of a port in samples, of the quickest and the slowest way."""

    _fields_ = (("low", c_uint32), ("high", c_uint32))


Process = ctypes.CFUNCTYPE(c_int, c_uint32, c_void_p)
"""What a server calls for each block; keep it alive as long as the client."""


def libjack() -> ctypes.CDLL:
    """Return the library with its functions' types declared."""
    jack = ctypes.CDLL(find_library("jack"))
    for name, result, arguments in (
        ("jack_client_open", c_void_p, [c_char_p, c_int, c_void_p]),
        ("jack_port_register", c_void_p, [c_void_p, c_char_p, c_char_p, c_uint32, c_uint32]),
        ("jack_port_get_buffer", c_void_p, [c_void_p, c_uint32]),
        ("jack_port_name", c_char_p, [c_void_p]),
        ("jack_port_by_name", c_void_p, [c_void_p, c_char_p]),
        ("jack_port_get_latency_range", None, [c_void_p, c_int, ctypes.POINTER(Range)]),
        ("jack_connect", c_int, [c_void_p, c_char_p, c_char_p]),
        ("jack_get_sample_rate", c_uint32, [c_void_p]),
        ("jack_set_process_callback", c_int, [c_void_p, c_void_p, c_void_p]),
        ("jack_activate", c_int, [c_void_p]),
        ("jack_client_close", c_int, [c_void_p]),
    ):
        function = getattr(jack, name)
        function.restype, function.argtypes = result, arguments
    return jack
