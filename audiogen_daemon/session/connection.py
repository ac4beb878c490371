"""Listening, models and the connection itself."""

import dataclasses
import hashlib
import ipaddress

from audiogen_daemon import messages as m
from audiogen_daemon.errors import CommandError
from audiogen_daemon.session.checks import check_installed
from audiogen_daemon.session.finals import told
from audiogen_daemon.session.state import Now, Session, Step
from audiogen_daemon.session.takes import finished_take
from audiogen_daemon.settings import show

MB = 1e6


def find_stem(session: Session, command: m.FindStem, now: Now) -> Step:
    take, path = finished_take(session, command.take)
    return session, [m.Answer(command.sender, "/stem/saved", (take.id, path))]


def monitor_stop(session: Session, command: m.MonitorStop, now: Now) -> Step:
    return session, [m.Silence(session.settings.launch)]


def gain(session: Session, command: m.MonitorGain, now: Now) -> Step:
    if not -120.0 <= command.gain_db <= 12.0:
        raise CommandError(f"{command.gain_db:g} dB is outside -120 to 12; the gain stays {session.gain_db:g}")
    effects: list[m.Effect] = [m.SetGain(command.gain_db), m.Answer(command.sender, "/state/gain", (command.gain_db,))]
    return dataclasses.replace(session, gain_db=command.gain_db), effects


def device(session: Session, command: m.MonitorDevice, now: Now) -> Step:
    return session, [m.OpenDevice(command)]


def take_audible(session: Session, event: m.TakeAudible, now: Now) -> Step:
    sounds = session.jam_sounds or (session.jam is not None and session.jam.id == event.take)
    audible = m.Notify("/take/audible", (event.take, event.latency))
    return dataclasses.replace(session, jam_sounds=sounds), [audible]


def take_playing(session: Session, event: m.TakePlaying, now: Now) -> Step:
    heard = dataclasses.replace(session, heard=event.take)
    return heard, [m.Notify("/take/playing", (event.take, event.latency))]


def starved(session: Session, event: m.MonitorStarved, now: Now) -> Step:
    return dataclasses.replace(session, starved=event.samples), [m.Notify("/monitor/starved", (event.samples,))]


def level(session: Session, event: m.MonitorLevel, now: Now) -> Step:
    return session, [m.Notify("/monitor/level", (event.left, event.right))]


def monitor_state(session: Session, event: m.MonitorState, now: Now) -> Step:
    effects: list[m.Effect] = [m.Notify("/monitor/device", (event.device,))]
    if event.reason:
        effects.append(m.Notify("/error", ("/monitor/device", event.reason)))
    return dataclasses.replace(session, monitor=event), effects


def load(session: Session, command: m.LoadModel, now: Now) -> Step:
    check_installed(session, command.name)
    return session, [m.Load(command.name)]


def unload(session: Session, command: m.UnloadModel, now: Now) -> Step:
    names = [info.name for info in session.warm]
    if command.name not in names:
        raise CommandError(f"{command.name} is not warm; warm: {', '.join(names) or 'none'}")
    return session, [m.Unload(command.name)]


def models(session: Session, command: m.ListModels, now: Now) -> Step:
    warm = {info.name: ("warm", info.memory / MB, info.precision) for info in session.warm}
    return session, [
        m.Answer(command.sender, "/models/reply", (name, *warm.get(name, ("installed", 0.0, ""))))
        for name in session.installed
    ]


def peer(session: Session, command: m.Subscribe | m.Unsubscribe, now: Now) -> Step:
    sender = command.sender
    host = command.host or (sender.host if sender else "")
    port = command.port or (sender.port if sender else 0)
    if not host or not 1024 <= port <= 65535:
        raise CommandError(f"port {port} is outside 1024 to 65535; send the port you listen on")
    peer = m.Peer(_address(host), port)
    return session, [m.AddPeer(peer, sender) if isinstance(command, m.Subscribe) else m.RemovePeer(peer)]


def _address(host: str) -> str:
    """Return a host that one datagram reaches without a look-up, which might hold up all others for seconds."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise CommandError(f"{show(host)} is no address; send it as 192.168.1.20, or leave it out") from None
    if address.is_multicast or address.is_unspecified or str(address) == "255.255.255.255":
        raise CommandError(f"{show(host)} is no single host's address; send that of the host which listens")
    return "127.0.0.1" if host == "localhost" else host


def ping(session: Session, command: m.Ping, now: Now) -> Step:
    return session, [m.Answer(command.sender, "/pong", command.echo)]


def status(session: Session, command: m.Status, now: Now) -> Step:
    running = session.running.takes[0].id if session.running else 0
    facts: dict[str, object] = {
        "engine": session.engine,
        **({"engine_reason": session.engine_reason} if session.engine_reason else {}),
        "model": session.settings.model,
        "warm": ",".join(info.name for info in session.warm),
        "running": running,
        "jam": session.jam.id if session.jam else 0,
        "queued": len(session.queue),
        "finals": len(told(session)),
        "speed": session.speed,
        "recording": int(session.recording is not None),
        "device": session.monitor.device,
        "starved": session.starved,
        "memory_mb": sum(info.memory for info in session.warm) / MB,
        "warm_mb": ",".join(f"{info.memory / MB:.1f}" for info in session.warm),
        "mlx_active_mb": session.held.active / MB,
        "mlx_cache_mb": session.held.cache / MB,
        "daemon": hashlib.blake2b(session.entropy + b"daemon", digest_size=4).hexdigest(),
    }
    return session, [m.AnswerStatus(command.sender, tuple(facts.items()))]


def list_addresses(session: Session, command: m.Help, now: Now) -> Step:
    return session, [m.Answer(command.sender, "/help/reply", row, all_peers=False) for row in session.help]


def invalid(session: Session, command: m.Invalid, now: Now) -> Step:
    raise CommandError(command.reason)
