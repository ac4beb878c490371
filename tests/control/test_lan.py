"""Other machines are heard when `--lan` and the allow-list let them in, and only then.

A client of this machine that speaks from its network address is another host to the daemon.
"""

import socket

import pytest
from pythonosc.osc_message_builder import OscMessageBuilder

from audiogen_daemon.control.discovery import SERVICE, network_addresses
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


def test_a_tablet_finds_the_daemon_by_its_name(tmp_path, network_address):
    zeroconf = pytest.importorskip("zeroconf", reason="the lan extra is not installed")
    tablet = zeroconf.Zeroconf(interfaces=[network_address])
    with live_daemon(tmp_path, "osc.lan=true", f"osc.allow={network_address}/32") as daemon:
        name = f"Audiogen on {socket.gethostname().split('.')[0]}.{SERVICE}"
        found = tablet.get_service_info(SERVICE, name, 10_000)
        assert found is not None
        assert (found.port, found.parsed_addresses()) == (daemon.port, network_addresses())
    tablet.close()


def test_a_host_that_is_not_allowed_hears_nothing_and_is_named_in_the_log_once(tmp_path, network_address):
    with live_daemon(tmp_path, "osc.lan=true", "osc.allow=198.51.100.0/24") as daemon:
        assert pong(network_address, daemon.port) == b""
        assert daemon.ask(("/status", ()))
    log = (tmp_path / "daemon.log").read_text("utf-8")
    assert (
        log.count(f'{network_address} is not in osc.allow, so what it sends is dropped; to let it in: osc.allow = ["')
        == 1
    )


def test_a_daemon_that_lets_nobody_in_says_so(tmp_path):
    with live_daemon(tmp_path, "osc.lan=true"):
        pass
    assert "osc.allow is empty, so no other host is let in" in (tmp_path / "daemon.log").read_text("utf-8")


def test_without_lan_no_other_host_is_heard_whatever_the_list_says(tmp_path, network_address):
    with live_daemon(tmp_path, f"osc.allow={network_address}/32") as daemon:
        assert pong(network_address, daemon.port) == b""
        assert daemon.ask(("/status", ()))
