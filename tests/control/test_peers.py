"""Everybody who renews is heard; whoever fell silent makes room."""

from audiogen_daemon.control.peers import SILENT, Peers
from audiogen_daemon.messages import Peer


def peer(port):
    return Peer("127.0.0.1", port)


def test_a_full_house_refuses_while_everybody_renews():
    peers = Peers((), limit=2, timeout=3600.0)
    peers.add(peer(4001), 0.0)
    peers.add(peer(4002), 0.0)

    assert "2 subscribers are connected" in peers.add(peer(4003), SILENT / 2)
    assert peers.everybody(SILENT / 2) == [peer(4001), peer(4002)]


def test_the_one_that_was_silent_longest_makes_room():
    peers = Peers((), limit=2, timeout=3600.0)
    peers.add(peer(4001), 0.0)
    peers.add(peer(4002), 0.0)
    peers.add(peer(4001), SILENT)

    assert peers.add(peer(4003), SILENT + 1) == ""
    assert peers.everybody(SILENT + 1) == [peer(4001), peer(4003)]


def test_a_subscriber_that_does_not_renew_is_dropped_at_last():
    peers = Peers((peer(11011),), limit=2, timeout=100.0)
    peers.add(peer(4001), 0.0)

    assert peers.everybody(99.0) == [peer(11011), peer(4001)]
    assert peers.everybody(101.0) == [peer(11011)]


def test_nobody_hears_a_message_twice():
    peers = Peers((peer(11011),), limit=2, timeout=100.0)
    peers.add(peer(11011), 0.0)

    assert peers.everybody(1.0, also=peer(11011)) == [peer(11011)]
