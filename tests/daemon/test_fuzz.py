"""Twenty thousand datagrams of every kind, and the daemon still plays."""

import os
import random
import socket
import struct

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audiogen_daemon.control.addresses import ROWS
from audiogen_daemon.control.osc import encode
from tests.live_daemon import live_daemon

DATAGRAMS = 20_000
BURST = 200
HARMLESS = [path for path in ROWS if path not in ("/subscribe", "/model/unload", "/monitor/device")]

values = st.one_of(
    st.integers(-(2**40), 2**40),
    st.floats(width=32),
    st.booleans(),
    st.none(),
    st.text(max_size=20),
    st.sampled_from(["seconds", "seed", "variations", "../../etc/passwd", "~", "x" * 3000, "\0", "🎹", "nan", "1e999"]),
)
datagrams = st.builds(encode, st.sampled_from(HARMLESS), st.lists(values, max_size=6)) | st.binary(max_size=100)

EXTREME = [
    b"/ping\0\0\0,d\0\0" + struct.pack(">d", 1e300),
    b"/ping\0\0\0,t\0\0" + b"\xff" * 8,
    b"/ping\0\0\0," + b"T" * 60_003 + bytes(4),
    b"/ping\0\0\0," + b"s" * 9_999 + b"\0" * 4 + b"a\0\0\0" * 9_999,
    b"/transport/beat\0,d\0\0" + struct.pack(">d", -1e300),
    *(
        b"/subscribe\0\0,is\0" + struct.pack(">i", 9000) + host
        for host in (b"a..b\0\0\0\0", b"\xe2\x80\xa8\0", b"a" * 71 + b"\0")
    ),
]
"""What random bytes never hit upon."""


def damaged(datagram: bytes, dice: random.Random) -> bytes:
    """The datagram as it is, cut short, with a byte changed, with its tail doubled, or inside a bundle."""
    at = dice.randrange(len(datagram) + 1)
    return dice.choice(
        [
            datagram,
            datagram[:at],
            datagram[:at] + dice.randbytes(1) + datagram[at + 1 :],
            datagram + datagram[at:],
            b"#bundle\0" + bytes(8) + len(datagram).to_bytes(4, "big") + datagram,
        ]
    )


def test_the_daemon_survives_any_datagram_and_touches_nothing_outside_its_folders(tmp_path):
    before = set(os.listdir(tmp_path))
    with live_daemon(tmp_path, "take.queue_limit=8") as daemon, socket.socket(type=socket.SOCK_DGRAM) as sender:
        found: list[bytes] = []

        @settings(max_examples=1000, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
        @given(datagrams)
        def collect(datagram):
            found.append(datagram)

        collect()
        dice = random.Random(DATAGRAMS)
        for datagram in EXTREME:
            sender.sendto(datagram, ("127.0.0.1", daemon.port))
            daemon.ask()
        for number in range(1, DATAGRAMS + 1):
            sender.sendto(damaged(dice.choice(found), dice), ("127.0.0.1", daemon.port))
            if number % BURST == 0:
                daemon.ask(("/cancel/all", ()))
        for name in ("melody", "style"):
            daemon.send(f"/set/{name}", "off")
        for name, value in (("bars", 0), ("variations", 1), ("model", "tone"), ("seconds", 0.3), ("seed", -1)):
            daemon.send(f"/set/{name}", value)
        since = len(daemon.heard)
        daemon.ask(("/cancel/all", ()))
        daemon.send("/generate", "after the storm", "seconds", 0.3, "bars", 0, "variations", 1)
        take = daemon.wait("/take/queued", since=since)[0]
        daemon.wait("/stem/saved", lambda v: v[0] == take, since)
    assert set(os.listdir(tmp_path)) - before <= {"stems", "state", "daemon.log"}
    assert "Traceback" not in (tmp_path / "daemon.log").read_text()
