"""What the carrier does beside passing on: jams go on from where they broke off, and no failure to save is silent."""

import types
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soundfile

from audiogen_daemon import messages as m
from audiogen_daemon.carrier import Carrier, Parts
from audiogen_daemon.config import load
from audiogen_daemon.control import osc
from audiogen_daemon.journal import Journal
from audiogen_daemon.keeper import MADE_AGAIN, StemKeeper
from audiogen_daemon.settings import Settings
from audiogen_daemon.trace import NoTrace

RATE = 1000


class Band:
    """What a carrier needs to start jams, and what the engine was sent."""

    def __init__(self, folder) -> None:
        config = load(None, [f"stems.folder={folder}", f"daemon.state={folder}"])
        self.keeper = StemKeeper(config, Journal(folder / "journal.sqlite3"))
        self.sent: list[m.RunJam] = []
        engine = types.SimpleNamespace(send=self.sent.append)
        others = dict.fromkeys(Parts.__dataclass_fields__)
        self.carrier = Carrier(Parts(**{**others, "engine": engine, "keeper": self.keeper}))

    def starts(self, jam: int, after: int) -> str:
        """Begin a jam; return what the engine is to go on from."""
        self.carrier.carry_out(m.RunJam(m.Take(jam, f"u{jam}", Settings(seed=0), ""), after))
        self.keeper.begin(m.JobStarted(jam, RATE, 1, 0))
        return self.sent[-1].take.continues

    def sounds(self, jam: int, level: float) -> None:
        self.keeper.feed(jam, np.full((100, 1), level, np.float32))


@pytest.fixture
def band(tmp_path):
    return Band(tmp_path)


def test_a_jam_that_breaks_off_again_before_it_sounds_goes_on_from_the_same_end(band):
    assert band.starts(1, after=0) == ""
    band.sounds(1, 0.25)
    for jam in (2, 3, 4):
        np.testing.assert_array_equal(soundfile.read(band.starts(jam, after=jam - 1))[0], np.full(100, 0.25))
    band.sounds(4, 0.5)
    np.testing.assert_array_equal(soundfile.read(band.starts(5, after=4))[0], np.full(100, 0.5))


def test_a_jam_that_has_never_sounded_begins_anew(band):
    band.starts(1, after=0)
    assert band.starts(2, after=1) == ""


def test_another_jam_has_nothing_of_the_one_before(band):
    band.starts(1, after=0)
    band.sounds(1, 0.25)
    band.starts(2, after=1)
    assert band.starts(3, after=0) == ""
    assert band.starts(4, after=3) == ""


def test_a_take_whose_saving_fails_in_any_way_is_told_of_and_how_much_of_a_jam_there_is():
    def fails(*_):
        raise ValueError("no such rate")

    take, told, sent = m.Take(3, "u3", Settings(seed=0), ""), [], []
    keeper = types.SimpleNamespace(save=fails, save_end=fails, audio=lambda *_: (np.zeros((500, 1)), RATE))
    peers = types.SimpleNamespace(everybody=lambda now, also=None: [also])
    network = types.SimpleNamespace(send=lambda datagram, peer: sent.append((osc.decode(datagram), peer)))
    with ThreadPoolExecutor(1) as disk:
        others = {**dict.fromkeys(Parts.__dataclass_fields__), "trace": NoTrace(), "peers": peers, "socket": network}
        carrier = Carrier(Parts(**{**others, "disk": disk, "keeper": keeper, "tell": told.append}))
        carrier.carry_out(m.SaveStem(take, False, 1.0))
        carrier.carry_out(m.KeepJam(1, take, m.Peer("127.0.0.1", 4001)))
    assert sent == [([("/jam/kept", [3, 0.5])], m.Peer("127.0.0.1", 4001))]
    for event in told:
        assert isinstance(event, m.StemUnsaved)
        assert event.take == take
        assert (event.reason, event.then) == ("ValueError: no such rate", MADE_AGAIN)
    assert len(told) == 2
