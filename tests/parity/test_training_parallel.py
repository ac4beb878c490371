"""Several processes that render and train together, on gloo and a made-up corpus."""

import math
import os
import re
import socket
import subprocess
import sys

import pytest

pytest.importorskip("torch")
pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]


@pytest.fixture
def state(tmp_path):
    """A state folder with three shards of four clips, written out of order; the first code of each tells its shard."""
    import torch

    from training.state import save
    from training.tokens import FIRST_SEED, shard_path

    torch.manual_seed(0)
    save(tmp_path / "codec.pt", {"filters": 16})
    for number in (2, 0, 1):
        codes = torch.randint(1024, (4, 4, 600)).short()
        codes[:, 0, 0] = number
        captions = torch.randint(3, 300, (4, 2, 16)).short()
        music = torch.full((4,), 49).short()
        save(shard_path(tmp_path, FIRST_SEED + number), {"codes": codes, "captions": captions, "music": music})
    return tmp_path


def start_run(state, seconds, rank=0, size=1):
    import torch

    from training.lm import Trainer, load_corpus
    from training.lm_model import Size
    from training.parallel import Crew

    crew = Crew(rank, size, torch.device("cpu"))
    return Trainer(state, load_corpus(state, crew.device), Size(hidden=32, layers=1), seconds, 1e-3, None, crew)


class Readings:
    """A clock whose time is over at the reading of that number."""

    def __init__(self, count):
        self.left = count

    @property
    def fraction(self):
        self.left -= 1
        return 0.0 if self.left else 1.0


def test_two_processes_hold_the_same_weights_and_one_can_go_on(state):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1]), "WORLD_SIZE": "2"}
    options = ["--layers", "1", "--hidden", "32", "--batch", "1", "--least-clips", "12", "--minutes", "0.02"]
    command = [sys.executable, "-m", "training.lm", str(state), *options]
    crew = [subprocess.Popen(command, env={**os.environ, **meeting, "RANK": rank}) for rank in "01"]
    try:
        assert [process.wait(120) for process in crew] == [0, 0]
    finally:
        for process in crew:
            process.kill()
    looks = re.findall(r"step (\d+) held out .* processes (\S+) apart", (state / "lm.log").read_text())

    assert {apart for _, apart in looks} == {"0"}
    assert int(looks[-1][0]) >= 10
    assert start_run(state, seconds=60).step == int(looks[-1][0])


def test_processes_draw_different_rows_and_a_resumed_one_does_not_draw_its_first_again(state):
    import torch

    draws = []
    for rank, step in ((0, 0), (1, 0), (1, 10)):
        run = start_run(state, 60, rank, size=2)
        draws.append(torch.randint(1 << 60, ()).item())
        assert run.step == step
        run.step = 10
        if rank == 1:
            run.keep()

    assert len(set(draws)) == 3


def test_a_run_that_leaves_early_is_done_only_when_its_minutes_are_over(state):
    from training.lm import train

    train(start_run(state, math.inf), 1, math.inf, Readings(2))
    assert not (state / "lm-done").exists()

    resumed = start_run(state, 1e-9)
    train(resumed, 1, math.inf, Readings(2))

    assert resumed.step == 10
    assert (state / "lm-done").exists()


def test_processes_share_out_the_missing_shards_and_all_read_them_in_one_order(state):
    import torch

    from training.lm import load_corpus
    from training.tokens import FIRST_SEED, missing_seeds

    alone = missing_seeds(state, 9, rank=0, size=1)
    shared = [missing_seeds(state, 9, rank, size=2) for rank in (0, 1)]

    assert alone == [FIRST_SEED + number for number in range(3, 9)]
    assert sorted(shared[0] + shared[1]) == alone
    assert load_corpus(state, torch.device("cpu")).codes[:, 0, 0].tolist() == [0] * 4 + [1] * 4 + [2] * 4


def test_composers_ahead_of_the_gpu_keep_the_order_of_the_seeds():
    from training.clips import batches

    assert [batch.seed for batch in batches([5, 3, 9, 4], clips=1, paraphrases=1, workers=1)] == [5, 3, 9, 4]
