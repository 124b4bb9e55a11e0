"""Runs the program where there is no network, and says whether anything in it asked for one.

Two witnesses. Python's audit events, in every process that is started (``sitecustomize`` on their path), refuse and
write down each address that is asked for. And where the system lets us, all of it runs in a network namespace without
any interface, in which the kernel counts the packets that found no route: those of the C libraries, too.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

WITNESS = """
import os, sys
_ASKED = {
    "socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname",
    "socket.gethostbyaddr", "urllib.Request", "http.client.connect",
}
def _hook(event, args, at=os.environ["LABELTOOL_TEST_NETWORK"], open_=os.open, write=os.write, close=os.close):
    if event not in _ASKED or (event.startswith("socket.") and len(args) > 1 and isinstance(args[1], (str, bytes))
                               and event in ("socket.connect", "socket.bind", "socket.sendto")):
        return  # a socket of this machine's own (AF_UNIX) is none
    handle = open_(at, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    write(handle, f"{event} {args[1:]!r} of {sys.argv[:3]!r}\\n".encode("utf-8", "replace"))
    close(handle)
    raise OSError(101, "no network in this test")
sys.addaudithook(_hook)
"""

COUNTED = """
import subprocess, sys
ended = subprocess.run(sys.argv[2:])
lines = [line.split() for line in open("/proc/net/snmp") if line.startswith("Ip:")]
with open(sys.argv[1], "a") as out:
    if int(dict(zip(*lines))["OutNoRoutes"]):
        out.write("the kernel saw packets to another machine\\n")
sys.exit(ended.returncode)
"""
"""Runs a command in this namespace and reads the kernel's counter afterwards."""


@dataclass(frozen=True)
class Ended:
    """How a script ended, and who asked for the network."""

    code: int
    out: str
    err: str
    asked: list[str]


@functools.cache
def namespace() -> list[str]:
    """How to run a command without any network interface; empty where the system does not let us."""
    found = shutil.which("unshare")
    for words in ([found, "-n"], [found, "-r", "-n"]) if found and sys.platform == "linux" else ():
        if subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0:
            return [str(word) for word in words]
    return []


def without_network(script: str, folder: Path, *words: object, seconds: float = 60) -> Ended:
    """Run a script of Python in ``folder``, with a home of its own."""
    site, record = folder / "site", folder / "asked.txt"
    site.mkdir()
    (site / "sitecustomize.py").write_text(WITNESS, encoding="utf-8")
    homes = {f"XDG_{name}_HOME": str(folder / "home" / name) for name in ("CACHE", "CONFIG", "DATA", "STATE")}
    path = os.pathsep.join(filter(None, (str(site), str(ROOT), os.environ.get("PYTHONPATH", ""))))
    environment = {
        **os.environ,
        **homes,
        "PYTHONPATH": path,
        "LABELTOOL_TEST_NETWORK": str(record),
        "QT_QPA_PLATFORM": "offscreen",
    }
    command = [sys.executable, "-c", script, *map(str, words)]
    if namespace():
        command = [*namespace(), sys.executable, "-S", "-E", "-c", COUNTED, str(record), *command]
    ended = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False
    )
    asked = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
    return Ended(ended.returncode, ended.stdout, ended.stderr, asked)
