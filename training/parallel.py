"""One process for each GPU of a host: which one this is, and what all of them agree on.

`python -m torch.distributed.run --standalone --nproc-per-node N -m training.STAGE` starts N processes. A stage that is
started plainly is a crew of one, which never communicates.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from training.state import best_device


@dataclass(frozen=True)
class Crew:
    """This process, number `rank` of the `size` processes of a run, and its device."""

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this process is the one that logs and writes what exists once."""
        return self.rank == 0

    @contextmanager
    def meeting(self) -> Iterator[None]:
        """Let the processes communicate: through NCCL between GPUs, through gloo on CPUs. They leave together."""
        if self.size == 1:
            yield
            return
        dist.init_process_group("nccl" if self.device.type == "cuda" else "gloo")
        yield
        self.agree(0.0)
        dist.destroy_process_group()

    def agree(self, *numbers: float) -> list[float]:
        """Return rank 0's numbers, once every process has come here and its device has done all work so far."""
        told = torch.tensor(numbers, dtype=torch.float64, device=self.device) * self.leads
        if self.size > 1:
            dist.all_reduce(told)
        return told.tolist()

    def average(self, tensors: list[Tensor]) -> None:
        """Replace each tensor by its mean over all processes, by one all-reduce; the means are the same everywhere."""
        if self.size == 1:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        dist.all_reduce(flat)
        parts = (flat / self.size).split([tensor.numel() for tensor in tensors])
        torch._foreach_copy_(tensors, [part.view_as(tensor) for tensor, part in zip(tensors, parts, strict=True)])

    def spread(self, tensors: list[Tensor]) -> float:
        """Return the largest difference between the processes' copies of the tensors; 0 when they are identical."""
        low = torch.cat([tensor.detach().flatten() for tensor in tensors])
        high = low.clone()
        if self.size > 1:
            dist.all_reduce(low, dist.ReduceOp.MIN)
            dist.all_reduce(high, dist.ReduceOp.MAX)
        return float((high - low).max())


def find_crew() -> Crew:
    """Return this process's place as torch.distributed.run tells it, with the GPU of that number as current device.

    Raises:
        ValueError: there are fewer GPUs than processes.
    """
    rank, size = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1 or not torch.cuda.is_available():
        return Crew(rank, size, best_device())
    if size > torch.cuda.device_count():
        raise ValueError(f"{size} processes, but {torch.cuda.device_count()} GPUs; give --nproc-per-node at most that")
    torch.cuda.set_device(rank)
    return Crew(rank, size, torch.device("cuda", rank))
