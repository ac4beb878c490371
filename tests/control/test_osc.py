"""The wire: what OSC allows is understood, everything else is refused by name, and a burst loses nothing."""

import asyncio
import contextlib
import socket
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from audiogen_daemon.control.osc import MAX_ANSWER, MalformedOSC, Socket, decode, encode, numeric
from audiogen_daemon.messages import Peer


def message(address, *values):
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)
    return builder.build()


def test_every_plain_type_survives_the_way():
    values = [1, -(2**31), 2**40, 0.5, "dusty ü 🎹", True, False, None]
    assert decode(encode("/x", values)) == [("/x", values)]


def test_a_name_that_is_no_text_is_sent_with_question_marks():
    name = b"caf\xe9 \0.wav".decode("utf-8", "surrogateescape")
    assert decode(encode("/stem/landed", [name])) == [("/stem/landed", ["caf? .wav"])]


def test_foreign_messages_and_nested_bundles_are_understood_in_order():
    inner = OscBundleBuilder(IMMEDIATELY)
    inner.add_content(message("/b", 2))
    outer = OscBundleBuilder(2e9)  # a time tag far in the future takes effect at once
    outer.add_content(message("/a", 1.0))
    outer.add_content(inner.build())
    assert decode(outer.build().dgram) == [("/a", [1.0]), ("/b", [2])]


@pytest.mark.parametrize(
    ("datagram", "words"),
    [
        (b"", "neither / nor #bundle"),
        (b"hello", "neither / nor #bundle"),
        (b"/a", "malformed OSC packet of 2 bytes"),
        (b"/a\0\0,f\0\0", "argument 1 (f) is cut short"),
        (b"/a\0\0,if\0\0\0\0\1\0", "cut short"),
        (b"/a\0\0,Z\0\0", "unknown type 'Z'"),
        (b"/a\0\0abcd\0\0\0\0", "instead of a comma"),
        (b"/a\0\0,s\0\0\xff\xfe\0\0", "malformed OSC packet"),
        (b"/a\0\0,b\0\0\xff\xff\xff\xfd", "blob of less than 0 bytes"),
        (b"#bundle\0", "ends before its time tag"),
        (b"#bundle\0" + bytes(8) + struct.pack(">i", -4), "element of -4 bytes"),
        (b"#bundle\0" + bytes(8) + struct.pack(">i", 0), "element of 0 bytes"),
        (b"#bundle\0" + bytes(8) + struct.pack(">i", 1000) + b"/a\0\0", "element of 1000 bytes where 4 are left"),
        (b"#bundle\0" + bytes(8) + b"\0\0", "inside an element's size"),
    ],
)
def test_malformed_packets_are_refused_with_the_reason(datagram, words):
    with pytest.raises(MalformedOSC) as caught:
        decode(datagram)
    assert words in str(caught.value)


def test_bundles_nested_too_deep_are_refused():
    data = b"/a\0\0,\0\0\0"
    for _ in range(20):
        data = b"#bundle\0" + bytes(8) + struct.pack(">i", len(data)) + data
    with pytest.raises(MalformedOSC, match="nested deeper"):
        decode(data)


@settings(max_examples=2000, deadline=None)
@given(st.binary(max_size=200) | st.binary(max_size=100).map(lambda tail: b"/a\0\0,ifsb\0\0\0" + tail))
def test_no_bytes_break_the_decoder(data):
    with contextlib.suppress(MalformedOSC):
        for address, _ in decode(data):
            assert address.startswith("/")


def test_an_answer_may_quote_anything_that_was_sent():
    assert decode(encode("/error", ["a\0b", "\0"])) == [("/error", ["ab", ""])]


def test_answers_stay_below_what_every_system_sends():
    datagram = encode("/error", ["/prompt", "ü" * 20_000])
    assert len(datagram) < MAX_ANSWER
    assert decode(datagram)[0][1][0] == "/prompt"


@pytest.mark.parametrize("values", [[True] * 50_000, ["a"] * 5000, [1.5] * 5000, ["ü" * 9000, *[None] * 9000]])
def test_an_answer_of_too_many_values_loses_its_end(values):
    address, arguments = decode(encode("/pong", values))[0]
    assert (address, len(arguments) > 100) == ("/pong", True)
    assert len(encode("/pong", values)) <= MAX_ANSWER
    assert arguments[1:] == values[1 : len(arguments)]


@pytest.mark.parametrize("value", [1e300, 10**20, -1e39, float("inf"), 5e-324])
def test_a_float_of_any_size_is_sent(value):
    assert decode(encode("/pong", [value]))[0][1] == [value if abs(value) > 1 else 0.0]


def test_a_burst_of_two_thousand_messages_loses_nothing_even_while_each_takes_a_while():
    received = []

    def slowly(datagram, peer):
        sum(range(2000))  # about 50 µs, as long as a command takes
        received.append(datagram)

    async def burst():
        listener = Socket(Peer("127.0.0.1", 0), (), slowly)
        listener.start(asyncio.get_running_loop())
        target = (listener.address.host, listener.address.port)
        await asyncio.get_running_loop().run_in_executor(None, flood, target)
        deadline = asyncio.get_running_loop().time() + 10
        while len(received) < 2000 and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0)
        listener.close()

    def flood(target):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(2000):
                sender.sendto(encode("/ping", [number]), target)

    asyncio.run(burst())
    assert [decode(d)[0][1][0] for d in received] == list(range(2000))


def test_strangers_are_not_heard_unless_their_network_is_allowed():
    listener = Socket(Peer("127.0.0.1", 0), ("192.168.1.0/24",), lambda datagram, peer: None)
    try:
        assert listener._allowed("127.0.0.1")
        assert listener._allowed("192.168.1.7")
        assert not listener._allowed("192.168.2.7")
    finally:
        listener.close()


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "::"])
def test_hosts_of_either_internet_protocol_are_heard_and_told(host, family):
    heard: list[Peer] = []
    here = "::1" if family == socket.AF_INET6 else "127.0.0.1"

    async def exchange(ear: socket.socket) -> bytes:
        listener = Socket(Peer(host, 0), (), lambda datagram, peer: heard.append(peer))
        listener.start(asyncio.get_running_loop())
        try:
            if host in (here, "::"):
                ear.sendto(b"/x\0\0", (here, listener.address.port))
                while not heard:
                    await asyncio.sleep(0)
                listener.send(b"answer", heard[0])
                assert ear.recv(100) == b"answer"
            listener.send(b"news", Peer(here, ear.getsockname()[1]))
            return ear.recv(100)
        finally:
            listener.close()

    with socket.socket(family, socket.SOCK_DGRAM) as ear:
        ear.bind((here, 0))
        ear.settimeout(5)
        assert asyncio.run(exchange(ear)) == b"news"


def test_those_who_are_told_are_looked_up_once_and_who_is_not_known_is_left_out(caplog):
    assert numeric((Peer("localhost", 9000), Peer("a..b", 9001))) == (Peer("127.0.0.1", 9000),)
    assert "a..b in osc.notify is not known" in caplog.text


@pytest.mark.parametrize("value", [1.1, 0.7, 0.01, 107.17, 1e9, -120.0, 3.4e38])
def test_a_float_means_the_number_that_was_typed_and_not_its_32_bits(value):
    assert decode(encode("/x", [value])) == [("/x", [value])]
