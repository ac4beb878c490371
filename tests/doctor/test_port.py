"""The OSC port: free, ours, or somebody else's."""

import os
import socket
import threading
from contextlib import closing, contextmanager

import pytest

from audiogen_daemon import config
from audiogen_daemon.control import osc
from audiogen_daemon.doctor.port import check_port, ping
from audiogen_daemon.messages import Peer
from audiogen_daemon.service.lock import Lock


@pytest.fixture
def taken():
    """A UDP socket on a port of its own."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as bound:
        bound.bind(("127.0.0.1", 0))
        bound.settimeout(10)
        yield bound


@contextmanager
def answering(bound, address: str = "/pong"):
    """Act as a daemon: answer one ping."""

    def answer():
        datagram, sender = bound.recvfrom(2048)
        ((_, words),) = osc.decode(datagram)
        bound.sendto(osc.encode(address, words), sender)

    thread = threading.Thread(target=answer)
    thread.start()
    yield
    thread.join()


def listening_on(bound, tmp_path) -> config.Config:
    port = bound.getsockname()[1]
    return config.load(sets=[f"osc.listen=127.0.0.1:{port}", f"daemon.state={tmp_path}"], environment={})


def test_a_free_port(taken, tmp_path):
    settings = listening_on(taken, tmp_path)
    taken.close()

    check = check_port(settings)

    assert (check.ok, check.cure) == (True, "")
    assert check.found.endswith("is free")


def test_our_own_daemon_holds_it_and_answers(taken, tmp_path):
    with Lock(tmp_path) as lock, answering(taken):
        lock.record(Peer(*taken.getsockname()))
        check = check_port(listening_on(taken, tmp_path))

    assert check.ok is True
    assert check.found.endswith(f"held by the daemon (pid {os.getpid()}), which answers")


def test_our_own_daemon_holds_it_and_is_silent(taken, tmp_path):
    with Lock(tmp_path) as lock:
        lock.record(Peer(*taken.getsockname()))
        check = check_port(listening_on(taken, tmp_path))

    assert check.ok is False
    assert "does not answer" in check.found
    assert f"`kill {os.getpid()}`, then start it again" in check.cure


def test_another_program_holds_it(taken, tmp_path):
    check = check_port(listening_on(taken, tmp_path))

    assert check.ok is False
    assert "held by another program" in check.found
    assert f"lsof -nP -iUDP:{taken.getsockname()[1]}" in check.cure


def test_a_daemon_with_another_state_folder_holds_it(taken, tmp_path):
    with answering(taken):
        check = check_port(listening_on(taken, tmp_path))

    assert check.ok is False
    assert "an audiogen-daemon with another state folder" in check.found


def test_the_daemon_listens_elsewhere(taken, tmp_path):
    settings = listening_on(taken, tmp_path)
    taken.close()
    with Lock(tmp_path) as lock:
        lock.record(Peer("127.0.0.1", 12345))
        check = check_port(settings)

    assert check.ok is None
    assert "listens on 127.0.0.1:12345" in check.found
    assert check.cure.endswith(f"with `kill {os.getpid()}`, then start it again for the new setting")


def test_the_login_services_daemon_listens_elsewhere(taken, tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIOGEN_SERVICE", "systemd")
    settings = listening_on(taken, tmp_path)
    taken.close()
    with Lock(tmp_path) as lock:
        lock.record(Peer("127.0.0.1", 12345))
        cure = check_port(settings).cure

    assert cure == "stop the login service with `audiogen-daemon stop`, then start it again for the new setting"


def test_an_address_of_another_machine(tmp_path):
    check = check_port(config.load(sets=["osc.listen=192.0.2.1:11010", f"daemon.state={tmp_path}"], environment={}))

    assert check.ok is False
    assert "192.0.2.1:11010" in check.found
    assert "osc.listen" in check.cure


def test_a_host_that_is_no_address(tmp_path):
    check = check_port(
        config.load(sets=["osc.listen=no.such.host.invalid:11010", f"daemon.state={tmp_path}"], environment={})
    )

    assert check.ok is False
    assert "osc.listen" in check.cure


def test_ping_takes_no_other_answer(taken):
    with answering(taken, "/something/else"):
        assert ping(Peer(*taken.getsockname())) is False


def test_ping_reaches_a_daemon_that_listens_everywhere(taken):
    with answering(taken):
        assert ping(Peer("0.0.0.0", taken.getsockname()[1])) is True


def test_ping_of_nobody_is_no_error(taken):
    where = Peer(*taken.getsockname())
    taken.close()

    assert ping(where, timeout=0.1) is False
