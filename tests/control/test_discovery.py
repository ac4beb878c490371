"""The daemon is found by Zeroconf when other machines may reach it, and only then."""

import socket
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from audiogen_daemon import __version__
from audiogen_daemon.control import discovery
from audiogen_daemon.control.discovery import SERVICE, Announcer, announce
from audiogen_daemon.messages import Peer

LOOPBACK = ["127.0.0.1"]
DEADLINE = 10.0


class Listener:
    """Notes what a second Zeroconf peer sees come and go."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._names: set[str] = set()

    def add_service(self, zeroconf: object, kind: str, name: str) -> None:
        with self._changed:
            self._names.add(name)
            self._changed.notify_all()

    def remove_service(self, zeroconf: object, kind: str, name: str) -> None:
        with self._changed:
            self._names.discard(name)
            self._changed.notify_all()

    def update_service(self, zeroconf: object, kind: str, name: str) -> None:
        """Nothing is kept of a service's texts."""

    def saw(self, name: str, present: bool) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: (name in self._names) == present, DEADLINE)


@pytest.fixture
def other_peer() -> Iterator[object]:
    zeroconf = pytest.importorskip("zeroconf", reason="the lan extra is not installed").Zeroconf
    peer = zeroconf(interfaces=LOOPBACK)
    yield peer
    peer.close()


def test_another_peer_finds_host_port_and_version_and_sees_them_go(other_peer):
    from zeroconf import ServiceBrowser

    name, listener = f"Audiogen test {time.monotonic_ns()}", Listener()
    browser = ServiceBrowser(other_peer, SERVICE, listener)
    with announce(name, Peer("0.0.0.0", 11010), LOOPBACK) as reason:
        assert reason == ""
        assert listener.saw(f"{name}.{SERVICE}", present=True)
        found = other_peer.get_service_info(SERVICE, f"{name}.{SERVICE}", 3000)
        assert found.port == 11010
        assert found.parsed_addresses() == LOOPBACK
        assert found.decoded_properties["version"] == __version__
        assert found.decoded_properties["path"] == "/"
    assert listener.saw(f"{name}.{SERVICE}", present=False)
    browser.cancel()


def test_listening_on_loopback_alone_is_not_announced():
    with announce("Audiogen", Peer("127.0.0.1", 11010)) as reason:
        assert "127.0.0.1" in reason
        assert "--lan" in reason


def test_a_network_that_is_joined_later_hears_of_it_and_one_that_is_left_no_more(other_peer, monkeypatch, caplog):
    from zeroconf import ServiceBrowser

    networks: list[str] = []
    monkeypatch.setattr(discovery, "network_addresses", lambda: list(networks))
    name, listener = f"Audiogen test {time.monotonic_ns()}", Listener()
    browser = ServiceBrowser(other_peer, SERVICE, listener)
    announcer = Announcer(name, Peer("0.0.0.0", 11010), look=0.05)
    announcer.start()
    for joined in (LOOPBACK, [], LOOPBACK):
        networks[:] = joined
        assert listener.saw(f"{name}.{SERVICE}", present=bool(joined))
    announcer.close()
    assert listener.saw(f"{name}.{SERVICE}", present=False)
    browser.cancel()
    warned = {record.getMessage() for record in caplog.records if record.levelname == "WARNING"}
    assert warned == {"not announced: this machine is in no network yet; it is announced when it joins one"}


def test_why_nothing_is_announced_is_said_once(monkeypatch, caplog):
    looks = threading.Semaphore(0)
    monkeypatch.setattr(discovery, "network_addresses", lambda: looks.release() or [])
    announcer = Announcer("Audiogen", Peer("0.0.0.0", 11010), look=0.01)
    announcer.start()
    for _ in range(5):
        assert looks.acquire(timeout=DEADLINE)
    announcer.close()
    assert len([record for record in caplog.records if "not announced" in record.getMessage()]) == 1


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "zeroconf", None)
    with announce("Audiogen", Peer("0.0.0.0", 11010), LOOPBACK) as reason:
        assert "make setup EXTRAS=lan" in reason


def test_a_network_that_zeroconf_cannot_use_is_a_reason_and_no_crash(monkeypatch):
    zeroconf = pytest.importorskip("zeroconf", reason="the lan extra is not installed")

    def refuse(interfaces):
        raise OSError(19, "No such device")

    monkeypatch.setattr(zeroconf, "Zeroconf", refuse)
    with announce("Audiogen", Peer("0.0.0.0", 11010), ["192.0.2.1"]) as reason:
        assert "192.0.2.1" in reason
        assert "No such device" in reason


def test_a_bound_address_is_announced_as_it_is():
    assert discovery._addresses(Peer("192.168.1.20", 11010)) == ["192.168.1.20"]


def test_every_interface_means_those_that_lead_to_a_network(monkeypatch):
    answers = {"10.255.255.255": "10.0.0.7", "192.168.255.255": "192.168.1.20"}

    class Probe(socket.socket):
        def connect(self, target):
            self.chosen = answers.get(target[0])
            if self.chosen is None:
                raise OSError("no route")

        def getsockname(self):
            return (self.chosen, 40000)

    monkeypatch.setattr(socket, "socket", Probe)
    monkeypatch.setattr(discovery, "_by_interfaces", list)
    assert discovery._addresses(Peer("0.0.0.0", 11010)) == ["10.0.0.7", "192.168.1.20"]


def test_a_hotspot_of_this_machine_is_one_of_its_networks(monkeypatch):
    ifaddr = pytest.importorskip("ifaddr", reason="the lan extra is not installed")
    found = {
        "lo0": ("127.0.0.1", 8),
        "en0": ("192.168.1.20", 24),
        "bridge100": ("192.168.2.1", 24),
        "en5": ("169.254.7.7", 16),
        "utun3": ("10.8.0.2", 24),
        "ppp0": ("10.9.0.2", 32),
        "docker0": ("172.17.0.1", 16),
    }
    adapters = [ifaddr.Adapter(name, name, [ifaddr.IP(*address, name)]) for name, address in found.items()]
    adapters.append(ifaddr.Adapter("en1", "en1", [ifaddr.IP(("fe80::1", 0, 0), 64, "en1")]))
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: adapters)
    monkeypatch.setattr(discovery, "_by_routes", lambda: ["192.168.1.20"])
    assert discovery.network_addresses() == ["192.168.1.20", "192.168.2.1", "169.254.7.7"]


@pytest.mark.parametrize(
    ("name", "instance"),
    [("Studio Mac", "Studio Mac"), ("", "Audiogen"), ("a\nb", "ab"), ("ü" * 60, "ü" * 31)],
)
def test_any_name_becomes_one_that_dns_takes(name, instance):
    assert discovery._instance(name) == instance
