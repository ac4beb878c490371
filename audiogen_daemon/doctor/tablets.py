"""Whether tablets and other computers are let in."""

import ipaddress

from audiogen_daemon.config import Config
from audiogen_daemon.control.discovery import network_addresses
from audiogen_daemon.doctor.check import Check

NAME = "tablets"


def check_tablets(config: Config) -> Check:
    """Other hosts are meant to send, and one that is in this machine's network may."""
    if not config.osc.lan:
        return Check(NAME, True, "only this computer is let in (osc.lan is off)")
    here = network_addresses()
    if not here:
        return Check(NAME, None, "this machine is in no network")
    networks = [ipaddress.ip_network(network, strict=False) for network in config.osc.allow]
    if any(ipaddress.ip_address(address) in network for address in here for network in networks):
        return Check(NAME, True, f"hosts in {', '.join(config.osc.allow)} are let in; this machine is {here[0]}")
    allowed = ", ".join(config.osc.allow) or "no host"
    cure = f'osc.allow = ["{ipaddress.ip_network(f"{here[0]}/24", strict=False)}"] lets this network in'
    return Check(NAME, None, f"osc.allow lets {allowed} in, and this machine is {here[0]}", cure)
