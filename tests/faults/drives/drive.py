"""Drives with the file systems of other computers: an image in a file, a loop device, and a real mount of it.

A drive can be pulled while somebody writes (the process that serves it is killed, so that every call says ENOTCONN,
and the device goes), put back after its own fsck, and filled to the last byte. Whatever happens to a test, nothing
stays mounted and no device stays taken.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest

MEGABYTE = 1 << 20


class Kind(NamedTuple):
    """A file system: how it is made, mounted and checked. ``DEVICE``, ``FOLDER`` and ``OPTIONS`` stand for those."""

    make: tuple[str, ...]
    mount: tuple[str, ...]
    check: tuple[str, ...]
    folds: bool
    """Takes A.png for a.png."""
    served: bool = True
    """By a process of its own (FUSE), which can be killed."""
    least_mb: int = 1


EXFAT = "exfat"
NTFS = "ntfs"
NTFS_FOLDED = "ntfs-ignore-case"

KINDS = {
    EXFAT: Kind(
        ("mkfs.exfat", "DEVICE"),
        ("mount.exfat-fuse", "-o", "OPTIONS", "DEVICE", "FOLDER"),
        ("fsck.exfat", "-y", "DEVICE"),
        folds=True,
    ),
    NTFS: Kind(
        ("mkfs.ntfs", "--fast", "--force", "DEVICE"),
        ("ntfs-3g", "-o", "OPTIONS", "DEVICE", "FOLDER"),
        ("ntfsfix", "DEVICE"),
        folds=False,
    ),
    NTFS_FOLDED: Kind(
        ("mkfs.ntfs", "--fast", "--force", "DEVICE"),
        ("lowntfs-3g", "-o", "ignore_case,OPTIONS", "DEVICE", "FOLDER"),
        ("ntfsfix", "DEVICE"),
        folds=True,
    ),
    "xfs": Kind(
        ("mkfs.xfs", "-q", "-f", "DEVICE"),
        ("mount", "-o", "OPTIONS", "DEVICE", "FOLDER"),
        ("xfs_repair", "-n", "DEVICE"),
        folds=False,
        served=False,
        least_mb=300,
    ),
    "btrfs": Kind(
        ("mkfs.btrfs", "-q", "-f", "DEVICE"),
        ("mount", "-o", "OPTIONS", "DEVICE", "FOLDER"),
        ("btrfs", "check", "DEVICE"),
        folds=False,
        served=False,
        least_mb=120,
    ),
}


def _run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(words)}: {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def skip_without(kind: str) -> None:
    """Skip where no such drive can be made, and say what is missing."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root may mount a drive")
    wanted = [KINDS[kind].make[0], KINDS[kind].mount[0], KINDS[kind].check[0], "losetup", "mount", "umount"]
    missing = [name for name in wanted if shutil.which(name) is None]
    if missing:
        pytest.skip(f"there is no {', '.join(missing)} here (`make drives` installs what it can)")
    if not Path("/dev/loop-control").exists():
        pytest.skip("there are no loop devices here")
    if KINDS[kind].served and not Path("/dev/fuse").exists():
        pytest.skip("there is no /dev/fuse here")


@dataclass
class Drive:
    """One drive: ``at`` is where it is mounted, ``image`` the file that it lies in."""

    kind: Kind
    image: Path
    at: Path
    options: str = "noatime"
    device: str = ""
    _server: int = field(default=0, repr=False)

    def plug_in(self) -> None:
        """Attach the device and mount it."""
        try:
            self.device = _run("losetup", "-f", "--show", str(self.image))
        except OSError as error:
            pytest.skip(f"no loop device can be had here: {error}")
        self._mount()

    def pull(self) -> None:
        """Take the drive away while it is written: whoever has a file of it open is told ENOTCONN from now on, and an
        empty folder is left where it was. What it had not written is lost."""
        assert self.kind.served, "nothing takes a drive of the kernel's away by force"
        os.kill(self._server, signal.SIGKILL)
        _gone(self._server)
        self._server = 0
        self.leave()

    def kill_server(self) -> None:
        """The same, and nothing is left where it was but a mount that answers ENOTCONN to everything."""
        os.kill(self._server, signal.SIGKILL)
        _gone(self._server)
        self._server = 0

    def put_back(self) -> str:
        """Check the drive with its own program, as a desktop does, and mount it again; what the program said."""
        self.leave()
        self.device = _run("losetup", "-f", "--show", str(self.image))
        said = subprocess.run(
            [word.replace("DEVICE", self.device) for word in self.kind.check],
            capture_output=True,
            text=True,
            check=False,
        )
        self._mount()
        return f"{said.returncode}: {said.stdout}{said.stderr}"

    def eject(self) -> None:
        """Unmount as people are told to, and wait until all is written."""
        _run("umount", str(self.at))
        if self._server:
            _gone(self._server)
            self._server = 0
        _run("losetup", "-d", self.device)
        self.device = ""

    def leave(self) -> None:
        """Unmount whatever is there, and give the device back. Never raises."""
        while os.path.ismount(self.at) or _stale(self.at):
            if subprocess.run(["umount", "-l", str(self.at)], capture_output=True, check=False).returncode:
                break
        if self._server:
            _gone(self._server, seconds=5)
            self._server = 0
        if self.device:
            subprocess.run(["losetup", "-d", self.device], capture_output=True, check=False)
            self.device = ""

    def _mount(self) -> None:
        words = [
            word.replace("DEVICE", self.device).replace("FOLDER", str(self.at)) for word in self.kind.mount
        ]
        _run(*(word.replace("OPTIONS", self.options) for word in words))
        self._server = _server_of(self.device, self.at) if self.kind.served else 0


def _stale(at: Path) -> bool:
    """Whether a mount is there whose server is gone."""
    return any(line.split()[1] == str(at) for line in Path("/proc/self/mounts").read_text().splitlines())


def _server_of(device: str, at: Path) -> int:
    """The process that serves this mount and no other: its command line names both."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = entry.read_bytes().decode(errors="replace").split("\0")
            if device in words and str(at) in words:
                return int(entry.parent.name)
    raise OSError(f"nobody serves {device} at {at}")


def _gone(process: int, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while Path(f"/proc/{process}").exists() and time.monotonic() < deadline:
        time.sleep(0.01)


@contextmanager
def drive(kind: str, folder: Path, megabytes: int = 64, options: str = "noatime") -> Iterator[Drive]:
    """A new, empty drive of a kind, mounted at ``folder / kind``; skips where none can be made."""
    skip_without(kind)
    folder.mkdir(parents=True, exist_ok=True)
    image, at = folder / f"{kind}.img", folder / kind
    at.mkdir()
    with image.open("wb") as file:
        file.truncate(max(megabytes, KINDS[kind].least_mb) * MEGABYTE)
    made = Drive(KINDS[kind], image, at, options)
    try:
        made.device = _run("losetup", "-f", "--show", str(image))
        _run(*(word.replace("DEVICE", made.device) for word in KINDS[kind].make))
        made._mount()
        yield made
    finally:
        made.leave()
        image.unlink(missing_ok=True)
