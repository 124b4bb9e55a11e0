"""A network share and computers that have it: namespaces of the system, an sshd of our own, and sshfs.

Each computer is a process with a network, a host name, process numbers and mounts of its own. It ends when its standard
input does, and the system takes away with it whatever ran, was mounted or was connected there: also where the tests are
killed. As on many real shares, locks of files hold on one computer only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
NEEDED = ("unshare", "nsenter", "ip", "mount", "sshd", "ssh-keygen", "sshfs")
PORT = 2222
LONG_S = 30.0

SSHD = """
Port {port}
ListenAddress 0.0.0.0
HostKey {keys}/host
AuthorizedKeysFile {keys}/user.pub
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
UseDNS no
PidFile none
LogLevel ERROR
Subsystem sftp internal-sftp
"""


def path_of(tool: str) -> str | None:
    """Where a tool is; some lie where only root looks."""
    return shutil.which(tool, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def why_not() -> str:
    """What is missing here for a share; empty where one can be made."""
    if not sys.platform.startswith("linux"):
        return "namespaces are Linux's"
    if os.geteuid() != 0:
        return "only root may make networks and mounts"
    missing = [tool for tool in NEEDED if path_of(tool) is None]
    if missing:
        return f"there is no {', '.join(missing)} here"
    if not Path("/dev/fuse").exists():
        return "there is no FUSE here"
    trial = [str(path_of("unshare")), "--mount", "--uts", "--net", "--pid", "--fork", "--mount-proc", "true"]
    done = subprocess.run(trial, capture_output=True, text=True, check=False)
    return f"no namespaces may be made here: {done.stderr.strip()}" if done.returncode else ""


def until(reached: Callable[[], object], what: str, seconds: float = LONG_S) -> None:
    """Wait for something to come about; it has to before long."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, f"it did not come to that in {seconds:.0f} s: {what}"
        time.sleep(0.02)


def child_of(pid: int) -> int | None:
    """The process that a process has started, if it has started one."""
    try:
        found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return None
    return int(found[0]) if found else None


class Computer:
    """A computer of its own as far as processes can tell."""

    def __init__(self, name: str) -> None:
        self.name = name
        own = ("--mount", "--uts", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
        self._life = subprocess.Popen([str(path_of("unshare")), *own, "cat"], stdin=subprocess.PIPE)
        until(lambda: child_of(self._life.pid), "a computer is there")
        self.pid = child_of(self._life.pid)
        until(self._is_apart, "its namespaces are there")
        self.run("hostname", name)
        self.run("ip", "link", "set", "lo", "up")

    def _is_apart(self) -> bool:
        process = Path(f"/proc/{self.pid}")
        try:
            apart = (process / "ns/mnt").readlink() != Path("/proc/self/ns/mnt").readlink()
            return apart and (process / "comm").read_text(encoding="ascii").strip() == "cat"
        except OSError:
            return False

    def words(self, words: Sequence[object]) -> list[str]:
        """A command as it is given on that computer."""
        return [str(path_of("nsenter")), "-t", str(self.pid), "-m", "-u", "-n", "-p", "--", *map(str, words)]

    def run(self, *words: object, check: bool = True, **more: object) -> subprocess.CompletedProcess[str]:
        """A command that is waited for."""
        done = subprocess.run(self.words(words), capture_output=True, text=True, check=False, **more)  # type: ignore[call-overload]
        assert not check or done.returncode == 0, f"{words}: {done.stderr}"
        return done

    def start(self, *words: object, **more: object) -> subprocess.Popen[str]:
        """A command that goes on."""
        return subprocess.Popen(self.words(words), text=True, **more)  # type: ignore[call-overload, no-any-return]

    def switch_off(self) -> None:
        """It is gone, with all that ran there."""
        if self._life.stdin is not None and not self._life.stdin.closed:
            self._life.stdin.close()
        self._life.wait(LONG_S)


@dataclass
class Ward:
    """A computer that has the share at ``share``. Its home is its own."""

    computer: Computer
    link: str
    server: Server
    home: Path
    keys: Path
    share: Path
    address: str

    def mount(self, *options: str) -> None:
        """Have the share."""
        known = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", f"IdentityFile={self.keys}/user")
        options = (f"port={PORT}", "LogLevel=ERROR", *known, *options)
        given = [word for option in options for word in ("-o", option)]
        self.computer.run(
            "sshfs", f"root@{self.address}:{self.server.served}", self.share, *given, "-F", "/dev/null"
        )

    def unmount(self) -> None:
        """Have it no more, whatever still uses it."""
        self.computer.run("umount", "-l", self.share)

    def unplug(self) -> None:
        """Draw the cable."""
        self.server.computer.run("ip", "link", "set", self.link, "down")

    def plug(self) -> None:
        """Put it back."""
        self.server.computer.run("ip", "link", "set", self.link, "up")

    @property
    def environment(self) -> dict[str, str]:
        """For a program that runs there."""
        own = {"HOME": str(self.home), "QT_QPA_PLATFORM": "offscreen", "OMP_NUM_THREADS": "1"}
        left = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        return {**left, **own, "PYTHONPATH": str(REPOSITORY)}

    def labeltool(self, *words: object, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """A command of the program."""
        return self.computer.run(
            *(sys.executable, "-m", "labeltool"), *words, check=False, env=self.environment, timeout=seconds
        )

    def python(self, *words: object) -> subprocess.Popen[str]:
        """A script that is spoken with."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        return self.computer.start(sys.executable, *words, env=self.environment, cwd=REPOSITORY, **pipes)

    def kill(self, process: subprocess.Popen[str]) -> None:
        """kill -9 to what was started there."""
        inner = child_of(process.pid)
        assert inner is not None
        os.kill(inner, 9)
        process.wait(LONG_S)


@dataclass
class Server:
    """The computer whose folder ``served`` the others have."""

    computer: Computer
    served: Path


@contextmanager
def network(at: Path, names: Sequence[str] = ("ward-1", "ward-2")) -> Iterator[list[Ward]]:
    """A server and computers that are wired to it; none has mounted anything yet."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    served, share, keys = at / "served", at / "share", at / "keys"
    for folder in (served, share, keys):
        folder.mkdir(parents=True)
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys / name)], check=True)
    with ExitStack() as stack:
        server = Server(_computer(stack, "server"), served)
        wards = [_wired(stack, server, number, name, at) for number, name in enumerate(names, 1)]
        _serve(stack, server, keys)
        yield wards


def _computer(stack: ExitStack, name: str) -> Computer:
    computer = Computer(name)
    stack.callback(computer.switch_off)
    return computer


def _wired(stack: ExitStack, server: Server, number: int, name: str, at: Path) -> Ward:
    computer, link, net = _computer(stack, name), f"to{number}", f"10.77.{number}"
    home = at / "homes" / name
    home.mkdir(parents=True)
    # Made within the server's network, so that no name is taken in that of this computer.
    outside = [str(path_of("nsenter")), "-t", str(server.computer.pid), "-n", "ip", "link", "add", link]
    subprocess.run([*outside, "type", "veth", "peer", "name", "eth0", "netns", str(computer.pid)], check=True)
    for one, device, last in ((server.computer, link, 1), (computer, "eth0", 2)):
        one.run("ip", "address", "add", f"{net}.{last}/24", "dev", device)
        one.run("ip", "link", "set", device, "up")
    return Ward(computer, link, server, home, at / "keys", at / "share", f"{net}.1")


def _serve(stack: ExitStack, server: Server, keys: Path) -> None:
    config = keys / "sshd_config"
    config.write_text(SSHD.format(port=PORT, keys=keys), encoding="ascii")
    server.computer.run("mount", "-t", "tmpfs", "none", "/run")
    server.computer.run("mkdir", "-p", "/run/sshd")
    daemon = server.computer.start(str(path_of("sshd")), "-D", "-e", "-f", config, stderr=subprocess.DEVNULL)
    stack.callback(daemon.wait, LONG_S)
    stack.callback(server.computer.switch_off)
    probe = ("bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{PORT}")
    until(lambda: server.computer.run(*probe, check=False).returncode == 0, "sshd answers")
