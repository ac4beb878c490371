"""Whether a tablet in this machine's network would be let in."""

import pytest

from audiogen_daemon import config
from audiogen_daemon.doctor import tablets
from audiogen_daemon.doctor.tablets import check_tablets


@pytest.fixture
def check(monkeypatch):
    """Checks a configuration on a machine with these addresses."""

    def checking(addresses: list[str], *sets: str) -> tuple[bool | None, str, str]:
        monkeypatch.setattr(tablets, "network_addresses", lambda: addresses)
        found = check_tablets(config.load(sets=sets, environment={}))
        return found.ok, found.found, found.cure

    return checking


def test_by_default_only_this_computer_is_let_in(check):
    assert check(["192.168.1.20"]) == (True, "only this computer is let in (osc.lan is off)", "")


@pytest.mark.parametrize("allow", ["192.168.1.0/24", "192.168.1.20/28", "10.0.0.0/8,192.168.0.0/16"])
def test_a_network_that_is_allowed_and_there_is_fine(check, allow):
    ok, found, cure = check(["192.168.1.20"], "osc.lan=true", f"osc.allow={allow}")
    assert (ok, cure) == (True, "")
    assert found.endswith("are let in; this machine is 192.168.1.20")


@pytest.mark.parametrize(
    ("sets", "allowed"), [((), "no host"), (("osc.allow=10.0.0.0/8",), "10.0.0.0/8"), (("osc.allow=::1",), "::1")]
)
def test_a_network_that_is_not_allowed_is_named_with_the_line_that_lets_it_in(check, sets, allowed):
    assert check(["192.168.1.20"], "osc.lan=true", *sets) == (
        None,
        f"osc.allow lets {allowed} in, and this machine is 192.168.1.20",
        'osc.allow = ["192.168.1.0/24"] lets this network in',
    )


def test_without_a_network_there_is_nothing_to_let_in(check):
    assert check([], "osc.lan=true") == (None, "this machine is in no network", "")
