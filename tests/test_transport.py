"""The transport knows the beat at any moment, whatever the network does to the messages."""

import random

import pytest

from audiogen_daemon.transport import STALE, Grid, Transport

POLL = 0.05
"""Seconds between two positions that Live's device sends."""


def song(transport: Transport, seconds: float, *, tempo: float, begun: float, since: float, late=lambda: 0.0):
    """Play a song that began at `begun`, and tell its position as a device does; `late` delays each message."""
    told = sorted(
        (moment + late(), (moment - begun) * tempo / 60)
        for moment in (since + i * POLL for i in range(round(seconds / POLL)))
    )
    for at, beat in told:
        transport = transport.with_beat(beat, at)
    return transport


def playing(tempo: float = 120.0, at: float = 100.0) -> Transport:
    return Transport().with_tempo(tempo, at).with_playing(True, at)


def test_an_unknown_or_stopped_transport_makes_nobody_wait():
    for transport in (
        Transport(),
        Transport().with_tempo(120, 1.0),
        Transport().with_playing(True, 1.0).with_beat(0.0, 1.0),
        playing(),
        playing().with_beat(0.0, 100.0).with_playing(False, 101.0),
    ):
        assert transport.next_boundary(101.3, "bar") == 101.3


@pytest.mark.parametrize(
    ("tempo", "quantum", "boundary"), [(120, "bar", 102.0), (120, "beat", 100.5), (90, "bar", 100 + 8 / 3)]
)
def test_boundaries_follow_tempo_and_quantum(tempo, quantum, boundary):
    transport = playing(tempo).with_beat(0.0, 100.0)
    assert transport.next_boundary(100.1, quantum) == pytest.approx(boundary)
    assert transport.next_boundary(100.1, "off") == 100.1


def test_a_boundary_that_is_now_is_not_missed():
    transport = playing().with_beat(0.0, 100.0)
    assert transport.next_boundary(102.0, "bar") == pytest.approx(102.0)


def test_bars_and_beats_of_seven_eighths():
    transport = playing().with_signature(7, 8).with_beat(0.0, 100.0)
    assert transport.next_boundary(100.1, "bar") == pytest.approx(101.75)
    assert transport.next_boundary(101.6, "beat") == pytest.approx(101.75)
    assert transport.next_boundary(101.76, "beat") == pytest.approx(102.0)


def test_jitter_and_stalls_of_the_network_move_the_bar_by_less_than_two_milliseconds():
    rng = random.Random(4)

    def late() -> float:
        return rng.uniform(0.2, 0.5) if rng.random() < 0.05 else rng.expovariate(1 / 0.004)

    for tempo in (61.7, 120.0, 174.0):
        transport = playing(tempo)
        errors = []
        for second in range(60):
            transport = song(transport, 1.0, tempo=tempo, begun=97.3, since=100.0 + second, late=late)
            beat = transport.beat_at(101.0 + second)
            errors.append(abs(beat * 60 / tempo - (101.0 + second - 97.3)))
        assert max(errors[1:]) < 0.002


def test_a_stall_of_the_sender_is_not_taken_for_a_jump():
    transport = song(playing(), 2.0, tempo=120, begun=100.0, since=100.0)
    burst = [((102.0 + i * POLL - 100.0) * 2, 102.4 + i * 0.0005) for i in range(8)]
    for beat, at in burst:
        transport = transport.with_beat(beat, at)
    assert transport.beat_at(103.0) == pytest.approx(6.0, abs=0.01)


@pytest.mark.parametrize("jump", [16.0, 0.5, -0.25, -3.0, -16.0])
def test_a_jump_is_followed_within_four_messages(jump):
    transport = song(playing(), 3.0, tempo=120, begun=100.0, since=100.0)
    transport = song(transport, 4 * POLL, tempo=120, begun=100.0 - jump / 2, since=103.0)
    assert transport.beat_at(104.0) == pytest.approx(8.0 + jump, abs=0.01)


def test_a_loop_of_whole_bars_leaves_the_grid_where_it_is():
    before = song(playing(), 8.0, tempo=120, begun=100.0, since=100.0)
    after = song(before, 4.0, tempo=120, begun=108.0, since=108.0)
    assert not before.grid().differs(Grid(after.grid().origin, 0.5, 2.0, before.grid().until))


def test_a_change_of_tempo_goes_on_from_the_beat():
    transport = song(playing(), 4.0, tempo=120, begun=100.0, since=100.0).with_tempo(60.0, 104.0)
    assert transport.beat_at(104.0) == pytest.approx(8.0)
    assert transport.next_boundary(104.5, "bar") == pytest.approx(108.0)
    transport = song(transport, 2.0, tempo=60, begun=96.0, since=104.05)
    assert transport.beat_at(106.0) == pytest.approx(10.0)


def test_a_tempo_message_that_comes_late_is_made_good_by_the_next_beats():
    transport = song(playing(), 4.0, tempo=120, begun=100.0, since=100.0)
    transport = transport.with_tempo(60.0, 104.1)  # it changed at 104.0: the song is at 8.1, not 8.2
    transport = song(transport, 0.2, tempo=60, begun=96.0, since=104.1)
    assert transport.beat_at(105.0) == pytest.approx(9.0, abs=0.001)


def test_a_client_that_tells_its_position_once_is_followed_from_its_start():
    transport = Transport().with_tempo(120, 50.0).with_beat(2.0, 60.0).with_playing(True, 100.0)
    assert transport.next_boundary(100.0, "bar") == pytest.approx(101.0)


def test_a_clock_that_fell_silent_makes_nobody_wait():
    transport = playing().with_beat(0.0, 100.0)
    assert transport.next_boundary(100.1 + STALE, "bar") == 100.1 + STALE


def test_a_daw_that_is_heard_later_than_it_says_moves_the_grid():
    transport = Transport(offset=0.02).with_tempo(120, 100.0).with_playing(True, 100.0).with_beat(0.0, 100.0)
    assert transport.next_boundary(100.1, "bar") == pytest.approx(102.02)


def test_random_songs_with_jumps_stops_and_tempos_never_break_it():
    rng = random.Random(9)
    transport, now = Transport(), 0.0
    for _ in range(3000):
        now += rng.expovariate(20)
        match rng.randrange(4):
            case 0:
                transport = transport.with_tempo(rng.uniform(20, 400), now)
            case 1:
                transport = transport.with_playing(rng.random() < 0.8, now)
            case 2:
                transport = transport.with_signature(rng.randint(1, 32), rng.choice((1, 2, 4, 8, 16, 32)))
            case _:
                transport = transport.with_beat(rng.uniform(-4, 4000), now)
        bar = 60 / max(transport.tempo, 20) * 4 * transport.signature[0] / transport.signature[1]
        for quantum in ("off", "beat", "bar"):
            assert now <= transport.next_boundary(now, quantum) + 1e-6 <= now + bar + 1e-5
