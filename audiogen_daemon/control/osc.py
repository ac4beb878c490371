"""OSC on the wire: datagrams to (address, arguments) and back, and the UDP socket that loses nothing in a burst.

python-osc supplies the types of OSC 1.0; packets are walked here, because its packet parser turns a truncated float
into 0.0, drops arguments of unknown types, and never returns from a bundle element of negative size.
"""

import asyncio
import ipaddress
import logging
import math
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from pythonosc.osc_message_builder import OscMessageBuilder
from pythonosc.parsing import osc_types

from audiogen_daemon.messages import Peer

log = logging.getLogger(__name__)

MAX_DATAGRAM = 65535
MAX_ANSWER = 8000
"""Bytes of a datagram we send: macOS refuses more than 9216 by default."""
SHORT_TEXT = 32
"""Characters of a text that is not cut any more."""
MAX_DEPTH = 8
RECEIVE_BUFFER = 4 * 2**20
INBOX_LIMIT = 100_000
STRANGERS = 16
"""Hosts that are not let in and are named in the log; source addresses can be forged without end."""

_LARGEST_FLOAT = float(np.finfo(np.float32).max)

Words = tuple[str, list[Any]]


def _float(datagram: bytes, index: int) -> tuple[float, int]:
    """Return a 32 bit float as the shortest decimal number that is stored in this way: 1.1, not 1.10000002384."""
    value, index = osc_types.get_float(datagram, index)
    return float(str(np.float32(value))), index


_FIXED: dict[str, tuple[Callable[[bytes, int], tuple[Any, int]], int]] = {
    "i": (osc_types.get_int, 4),
    "f": (_float, 4),
    "h": (osc_types.get_int64, 8),
    "d": (osc_types.get_double, 8),
    "t": (osc_types.get_timetag, 8),
    "r": (osc_types.get_rgba, 4),
    "m": (osc_types.get_midi, 4),
}
_CONSTANTS = {"T": True, "F": False, "N": None}
_SIZED = {"s": osc_types.get_string, "b": osc_types.get_blob}


class MalformedOSC(ValueError):
    """A datagram that is no OSC 1.0 packet; the text says where it breaks."""


def decode(datagram: bytes) -> list[Words]:
    """Return the (address, arguments) pairs of a message or bundle, in order.

    Time tags are ignored: a bundle takes effect when it arrives.

    Raises:
        MalformedOSC: anything that OSC 1.0 does not allow.

    Source: OSC 1.0 specification, opensoundcontrol.stanford.edu/spec-1_0.html
    """
    try:
        return _packet(datagram, 0)
    except (osc_types.ParseError, struct.error, UnicodeDecodeError, IndexError) as error:
        raise MalformedOSC(f"malformed OSC packet of {len(datagram)} bytes: {error}") from error


def _packet(data: bytes, depth: int) -> list[Words]:
    if data.startswith(b"#bundle\x00"):
        return _bundle(data, depth)
    if data.startswith(b"/"):
        return [_message(data)]
    raise MalformedOSC(f"malformed OSC packet of {len(data)} bytes: it begins with neither / nor #bundle")


def _bundle(data: bytes, depth: int) -> list[Words]:
    if depth >= MAX_DEPTH:
        raise MalformedOSC(f"bundles nested deeper than {MAX_DEPTH}")
    found, index = [], 16
    if len(data) < index:
        raise MalformedOSC(f"bundle of {len(data)} bytes ends before its time tag")
    while index < len(data):
        if len(data) - index < 4:
            raise MalformedOSC("bundle ends inside an element's size")
        (size,) = struct.unpack_from(">i", data, index)
        index += 4
        if size <= 0 or index + size > len(data):
            raise MalformedOSC(f"bundle element of {size} bytes where {len(data) - index} are left")
        found += _packet(data[index : index + size], depth + 1)
        index += size
    return found


def _message(data: bytes) -> Words:
    address, index = osc_types.get_string(data, 0)
    if index >= len(data):
        return address, []
    tags, index = osc_types.get_string(data, index)
    if not tags.startswith(","):
        raise MalformedOSC(f"{address}: the type tags begin with {tags[:1]!r} instead of a comma")
    arguments: list[Any] = []
    for tag in tags[1:].translate({ord("["): None, ord("]"): None}):
        if tag in _CONSTANTS:
            arguments.append(_CONSTANTS[tag])
            continue
        if tag in _FIXED:
            read, size = _FIXED[tag]
            if index + size > len(data):
                raise MalformedOSC(f"{address}: argument {len(arguments) + 1} ({tag}) is cut short")
        elif tag in _SIZED:
            read = _SIZED[tag]
            if tag == "b" and data[index : index + 1] >= b"\x80":
                raise MalformedOSC(f"{address}: argument {len(arguments) + 1} is a blob of less than 0 bytes")
        else:
            raise MalformedOSC(f"{address}: unknown type {tag!r} of argument {len(arguments) + 1}")
        value, index = read(data, index)
        arguments.append(value)
    return address, arguments


def encode(address: str, arguments: Iterable[Any]) -> bytes:
    """Return the datagram of a message; so that it stays below MAX_ANSWER bytes, long texts are cut, then the end."""
    values = list(arguments)[:MAX_ANSWER]  # none of them takes less than a byte
    datagram = _encode(address, values)
    while len(datagram) > MAX_ANSWER:
        lengths = [len(value) if isinstance(value, str) else 0 for value in values]
        longest = lengths.index(max(lengths))
        if lengths[longest] > SHORT_TEXT:
            values[longest] = values[longest][: lengths[longest] // 2] + "…"
        else:
            del values[len(values) // 2 :]
        datagram = _encode(address, values)
    return datagram


def _encode(address: str, values: list[Any]) -> bytes:
    builder = OscMessageBuilder(address)
    for value in values:
        if isinstance(value, bool) or value is None:
            builder.add_arg(value)
        elif isinstance(value, int):
            kind = "i" if -(2**31) <= value < 2**31 else "h" if -(2**63) <= value < 2**63 else "d"
            builder.add_arg(value if kind != "d" else float(value), kind)
        elif isinstance(value, float):
            builder.add_arg(value, "d" if _LARGEST_FLOAT < abs(value) < math.inf else "f")
        else:
            builder.add_arg(_text(str(value)), "s")
    datagram: bytes = builder.build().dgram
    return datagram


def _text(text: str) -> str:
    """Return a text without what ends a string on the wire, and with ? for bytes of a file's name that are no UTF-8."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def numeric(peers: Iterable[Peer]) -> tuple[Peer, ...]:
    """Return peers by their addresses, looked up once: a look-up for each message might hold up all others."""
    found = []
    for peer in peers:
        try:
            there = socket.getaddrinfo(peer.host, peer.port, type=socket.SOCK_DGRAM)
        except (OSError, UnicodeError) as error:
            log.warning("%s in osc.notify is not known (%s), so it hears nothing; give its address", peer.host, error)
            continue
        # "localhost" is both, and most programs listen on IPv4.
        address = min(there, key=lambda one: one[0] != socket.AF_INET)[4]
        found.append(Peer(str(address[0]), peer.port))
    return tuple(found)


class Socket:
    """The UDP socket: whatever arrives goes to an inbox at once, however long the last message takes.

    `receive(datagram, peer)` is called on the loop, once per datagram and in order. Between two calls the kernel's
    small buffer (about 270 datagrams on a stock Linux) is emptied, so a burst waits in our memory, not in the kernel.
    """

    def __init__(self, listen: Peer, allow: tuple[str, ...], receive: Callable[[bytes, Peer], None]) -> None:
        self._allow = tuple(ipaddress.ip_network(net, strict=False) for net in allow)
        self._receive = receive
        self._inbox: deque[tuple[bytes, Peer]] = deque()
        self._pumping = False
        self._strangers: set[str] = set()
        self.refused = 0
        self._family = _family(listen.host)
        self._other: socket.socket | None = None
        self._socket = socket.socket(self._family, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._socket.setblocking(False)
        try:
            self._socket.bind((listen.host, listen.port))
        except OSError:
            self._socket.close()
            raise

    @property
    def address(self) -> Peer:
        """Where it listens; the port is the real one when 0 was asked for."""
        host, port = self._socket.getsockname()[:2]
        return Peer(host, port)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to receive on the loop."""
        self._loop = loop
        loop.add_reader(self._socket, self._readable)

    def close(self) -> None:
        """Stop receiving."""
        if hasattr(self, "_loop"):
            self._loop.remove_reader(self._socket)
        self._socket.close()
        if self._other is not None:
            self._other.close()

    def send(self, datagram: bytes, peer: Peer) -> None:
        """Send one datagram; a peer that is gone is logged, never an error."""
        try:
            self._socket_for(peer).sendto(datagram, (peer.host, peer.port))
        except OSError as error:
            log.debug("cannot send to %s:%d: %s", peer.host, peer.port, error)

    def _socket_for(self, peer: Peer) -> socket.socket:
        """Return the socket that reaches a peer: one that listens on IPv6 cannot send to 127.0.0.1, nor the reverse."""
        if _family(peer.host) == self._family:
            return self._socket
        if self._other is None:
            self._other = socket.socket(_family(peer.host), socket.SOCK_DGRAM)
            self._other.setblocking(False)
        return self._other

    def _readable(self) -> None:
        self._drain()
        if not self._pumping:
            self._pumping = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        for _ in range(64):
            if not self._inbox:
                break
            datagram, peer = self._inbox.popleft()
            self._receive(datagram, peer)
            self._drain()
        self._pumping = bool(self._inbox)
        if self._pumping:
            self._loop.call_soon(self._pump)

    def _drain(self) -> None:
        while True:
            try:
                datagram, source = self._socket.recvfrom(MAX_DATAGRAM)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                log.debug("receive: %s", error)
                return
            peer = Peer(source[0] + (f"%{source[3]}" if source[3:] and source[3] else ""), source[1])
            if not self._allowed(peer.host):
                self.refused += 1
                self._name(peer.host)
                continue
            if len(self._inbox) >= INBOX_LIMIT:
                self.refused += 1
                continue
            self._inbox.append((datagram, peer))

    def _name(self, stranger: str) -> None:
        if stranger not in self._strangers and len(self._strangers) < STRANGERS:
            self._strangers.add(stranger)
            cure = f'osc.allow = ["{stranger}"]'
            log.warning("%s is not in osc.allow, so what it sends is dropped; to let it in: %s", stranger, cure)

    def _allowed(self, host: str) -> bool:
        address = ipaddress.ip_address(host.split("%")[0])
        address = getattr(address, "ipv4_mapped", None) or address  # how one that listens on [::] sees IPv4
        return address.is_loopback or any(address in net for net in self._allow)
