"""Announce the daemon as `_osc._udp` by Zeroconf, so that a tablet finds its host and port by itself."""

import ipaddress
import logging
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from audiogen_daemon import __version__
from audiogen_daemon.messages import Peer

log = logging.getLogger(__name__)

SERVICE = "_osc._udp.local."
MISSING = "the zeroconf package is not here, so no tablet finds the daemon by itself; run: make setup EXTRAS=lan"
LOOK = 5.0
"""Seconds between two looks at which networks this machine is in."""
CLOSE = 5.0
VIRTUAL = ("docker", "veth", "br-", "virbr", "vmnet", "vboxnet", "utun", "tun")
"""What the names of interfaces begin with that no tablet is behind."""


class Announcer:
    """Announces the daemon from a thread of its own, anew whenever this machine joins or leaves a network.

    A daemon that starts at login is there before the Wi-Fi is, and a laptop is carried from one network to the next.
    """

    def __init__(self, name: str, listen: Peer, look: float = LOOK) -> None:
        self._name = name
        self._listen = listen
        self._look = look
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="announcer", daemon=True)

    def start(self) -> None:
        """Begin to announce; returns at once."""
        self._thread.start()

    def close(self) -> None:
        """Take the announcement back; blocking for up to CLOSE seconds."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join(CLOSE)

    def _run(self) -> None:
        said = ""
        while not self._ended.is_set():
            addresses = _addresses(self._listen)
            with announce(self._name, self._listen, addresses) as reason:
                if reason and reason != said:
                    log.warning("not announced: %s", reason)
                said = reason
                while not self._ended.wait(self._look) and not reason and _addresses(self._listen) == addresses:
                    pass


@contextmanager
def announce(name: str, listen: Peer, interfaces: Sequence[str] | None = None) -> Iterator[str]:
    """Announce the daemon while the context is entered; yield "" or why nothing is announced.

    Whatever goes wrong here costs the announcement alone: the daemon still listens, and a tablet can still be given
    the address by hand. Blocking for up to some seconds at both ends: a name on the network is asked for first.

    Args:
        name: shown to people; if the network has one of that name already, it gets a number.
        listen: where the daemon listens. A loopback address is never announced, unless it is among `interfaces`.
        interfaces: IPv4 addresses to announce on; None takes those that this machine reaches a network by.

    Source: RFC 6763 (DNS-SD) and 6762 (mDNS); TXT keys as proposed in OSC 1.1, opensoundcontrol.stanford.edu
    """
    addresses = _addresses(listen) if interfaces is None else list(interfaces)
    if not addresses:
        yield _unreachable(listen)
        return
    try:
        from zeroconf import Error, ServiceInfo, Zeroconf
    except ImportError:
        yield MISSING
        return
    service = ServiceInfo(
        SERVICE,
        f"{_instance(name)}.{SERVICE}",
        port=listen.port,
        parsed_addresses=addresses,
        properties={"txtvers": "1", "version": __version__, "path": "/", "types": "ifsTF"},
        server=f"{_host()}.local.",
    )
    try:
        zeroconf = Zeroconf(interfaces=addresses)
    except OSError as error:
        yield f"Zeroconf has no way out on {', '.join(addresses)}: {error}"
        return
    try:
        try:
            zeroconf.register_service(service, allow_name_change=True)
            reason = ""
            log.info("announced as %s on %s", service.name, ", ".join(addresses))
        except (Error, OSError) as error:
            reason = f"Zeroconf did not take {service.name}: {type(error).__name__} {error}".rstrip()
        yield reason
    finally:
        zeroconf.close()


def _unreachable(listen: Peer) -> str:
    if ipaddress.ip_address(listen.host).is_unspecified:
        return "this machine is in no network yet; it is announced when it joins one"
    return f"the daemon listens on {listen.host} alone, which no other machine reaches; start it with --lan"


def _addresses(listen: Peer) -> list[str]:
    """Return the IPv4 addresses by which others reach `listen`."""
    host = ipaddress.ip_address(listen.host)
    if host.is_loopback or host.version == 6:
        return []
    if not host.is_unspecified:
        return [listen.host]
    return network_addresses()


def network_addresses() -> list[str]:
    """Return this machine's IPv4 addresses on its networks, those first by which it reaches others."""
    found = dict.fromkeys([*_by_routes(), *_by_interfaces()])
    return [address for address in found if not ipaddress.ip_address(address).is_loopback]


def _by_routes() -> list[str]:
    """Connecting a UDP socket sends nothing; it makes the kernel choose the address of the way there."""
    found = []
    for target in ("10.255.255.255", "172.31.255.255", "192.168.255.255", "198.51.100.1"):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((target, 9))
            except OSError:
                continue
            found.append(probe.getsockname()[0])
    return found


def _by_interfaces() -> list[str]:
    """A network that this machine makes itself, such as a hotspot for the tablet, is on the way to nowhere else.

    What only leads to virtual machines or to one other end, as a VPN does, is left out.
    """
    try:
        import ifaddr  # comes with zeroconf
    except ImportError:
        return []
    adapters = [adapter for adapter in ifaddr.get_adapters() if not adapter.name.startswith(VIRTUAL)]
    return [str(ip.ip) for adapter in adapters for ip in adapter.ips if ip.is_IPv4 and ip.network_prefix < 31]


def _instance(name: str) -> str:
    """Return a name that DNS-SD takes: no control characters, at most 63 bytes."""
    text = "".join(c for c in name if c.isprintable()).strip() or "Audiogen"
    return text.encode("utf-8")[:63].decode("utf-8", "ignore").strip()


def _host() -> str:
    label = socket.gethostname().split(".")[0].strip() or "audiogen"
    return label[:63]
