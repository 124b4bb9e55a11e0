"""Which share of the images is this process's: what torchrun, SLURM or a person says of how many there are."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import NamedTuple

from labeltool.core.errors import BadInputError

_GPUS = Path("/proc/driver/nvidia/gpus")


class Share(NamedTuple):
    """Number ``rank`` of ``world_size`` processes that share the work; they are counted from 0."""

    rank: int
    world_size: int

    def __str__(self) -> str:
        return f"rank {self.rank} of {self.world_size}"


def share_of(
    environment: Mapping[str, str], rank: int | None = None, world_size: int | None = None
) -> Share | None:
    """The two numbers that were typed, else those in RANK and WORLD_SIZE, else SLURM's where it runs several tasks.

    None where this process is alone; BadInputError where the numbers cannot be.
    """
    typed = [each for each in (rank, world_size) if each is not None]
    if typed:
        return _checked("--rank", "--world-size", typed)
    if {"RANK", "WORLD_SIZE"} <= environment.keys():
        return _checked("RANK", "WORLD_SIZE", _numbers(environment, "RANK", "WORLD_SIZE"))
    if {"SLURM_PROCID", "SLURM_NTASKS"} <= environment.keys() and environment["SLURM_NTASKS"] != "1":
        return _checked("SLURM_PROCID", "SLURM_NTASKS", _numbers(environment, "SLURM_PROCID", "SLURM_NTASKS"))
    return None


def take_own_gpu(environment: MutableMapping[str, str]) -> None:
    """Of several GPUs let this process see but its own: number LOCAL_RANK (SLURM_LOCALID) of those on this machine."""
    local = environment.get("LOCAL_RANK", environment.get("SLURM_LOCALID", ""))
    there = len(list(_GPUS.glob("*"))) if _GPUS.is_dir() else 0
    default = ",".join(str(number) for number in range(there))
    visible = [name for name in environment.get("CUDA_VISIBLE_DEVICES", default).split(",") if name]
    if local.isdecimal() and len(visible) > 1:
        environment["CUDA_VISIBLE_DEVICES"] = visible[int(local) % len(visible)]


def _numbers(environment: Mapping[str, str], *names: str) -> list[int]:
    return [int(environment[name]) if environment[name].isdecimal() else -1 for name in names]


def _checked(first: str, second: str, found: list[int]) -> Share:
    if len(found) == 2 and 0 <= found[0] < found[1]:
        return Share(*found)
    raise BadInputError(
        f"{first} and {second} do not say which of how many processes this is",
        hint=f"Give both: {first} from 0 to {second} - 1",
    )
