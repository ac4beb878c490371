"""Other machines are heard when `--lan` and the allow-list let them in, and only then.

A client of this machine that speaks from its network address is another host to the daemon.
"""

import socket

import pytest
from pythonosc.osc_message_builder import OscMessageBuilder

from audiogen_daemon.control.discovery import network_addresses
from tests.live_daemon import live_daemon


@pytest.fixture(scope="module")
def network_address() -> str:
    found = network_addresses()
    if not found:
        pytest.skip("this machine has no network address beside loopback")
    return found[0]


def pong(address: str, port: int) -> bytes:
    """Ask from a network address until there is an answer; b"" when there is none within a second."""
    builder = OscMessageBuilder("/ping")
    builder.add_arg("tablet")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tablet:
        tablet.bind((address, 0))
        tablet.settimeout(0.2)
        for _ in range(5):
            tablet.sendto(builder.build().dgram, (address, port))
            try:
                return tablet.recv(4096)
            except (TimeoutError, ConnectionRefusedError):
                continue
    return b""


def test_a_host_of_the_allowed_network_is_answered_where_it_listens(tmp_path, network_address):
    allowed = f"osc.allow={network_address}/32"
    with live_daemon(tmp_path, "osc.lan=true", allowed) as daemon:
        assert pong(network_address, daemon.port).startswith(b"/pong")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tablet:
            tablet.bind((network_address, 0))
            daemon.send("/subscribe", tablet.getsockname()[1], network_address)
            daemon.ask(("/set/tempo", (124,)))
            tablet.settimeout(10)
            heard: list[bytes] = []
            while b"/state/tempo" not in heard:
                heard.append(tablet.recv(4096).split(b"\0")[0])


def test_a_host_that_is_not_allowed_hears_nothing(tmp_path, network_address):
    with live_daemon(tmp_path, "osc.lan=true", "osc.allow=198.51.100.0/24") as daemon:
        assert pong(network_address, daemon.port) == b""
        assert daemon.ask(("/status", ()))


def test_without_lan_no_other_host_is_heard_whatever_the_list_says(tmp_path, network_address):
    with live_daemon(tmp_path, f"osc.allow={network_address}/32") as daemon:
        assert pong(network_address, daemon.port) == b""
        assert daemon.ask(("/status", ()))
