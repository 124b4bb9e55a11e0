"""Are there known vulnerabilities in the packages that are installed here? Asks PyPI, through pip-audit.

Ends with 1 when there are any. Where nobody answers, or the index does not know (a mirror has the files alone), it says
what was not looked at and ends with 0: a machine without a network can still build. ``--strict`` ends with 1 then.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PINS = Path(__file__).with_name("constraints.txt")
PROBE = "pillow"
"""Asked about first: where there is no answer to this one there will be none to the others."""
PROBE_S, ALL_S = 15, 300

ACCEPTED: dict[str, str] = {}
"""Vulnerabilities by their id that do not concern us, and why."""


def main() -> int:
    """Look at the pins and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strict", action="store_true", help="fail where nobody answers, too")
    strict = parser.parse_args().strict
    pins = [line.strip() for line in PINS.read_text(encoding="utf-8").splitlines() if "==" in line]
    probe = [pin for pin in pins if pin.lower().startswith(f"{PROBE}==")]
    answer = _ask(probe, PROBE_S)
    if not _looked_at(answer):
        _say(f"audit: NOT DONE. {_why(answer)} None of {len(pins)} packages was looked at.")
        return int(strict)
    answer = _ask(pins, ALL_S)
    looked, bad = _looked_at(answer), _vulnerable(answer)
    for line in bad:
        _say(f"audit: {line}")
    _say(f"audit: {looked} of {len(pins)} packages were looked at, {len(bad)} known vulnerabilities.")
    if looked < len(pins):
        _say(f"audit: of {len(pins) - looked} packages nobody could say anything.")
    return int(bool(bad) or (strict and looked < len(pins)))


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


def _ask(pins: list[str], limit_s: float) -> dict[str, Any]:
    """What pip-audit says, or {"error": why there is no answer}."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "requirements.txt"
        wanted.write_text("\n".join(pins), encoding="utf-8")
        words = "--no-deps --disable-pip --progress-spinner off --format json --timeout 5 -r".split()
        try:
            ended = subprocess.run(  # noqa: S603 - our own interpreter, no shell
                [sys.executable, "-m", "pip_audit", *words, str(wanted)],
                capture_output=True,
                text=True,
                timeout=limit_s,
                check=False,
            )
            found: dict[str, Any] = json.loads(ended.stdout)
        except subprocess.TimeoutExpired:
            return {"error": f"Nobody answered within {limit_s:g} s."}
        except ValueError:
            last = (ended.stderr.strip().splitlines() or ["it said nothing"])[-1]
            return {"error": f"pip-audit failed: {last[:300]}."}
        return found


def _looked_at(answer: dict[str, Any]) -> int:
    return sum("skip_reason" not in each for each in answer.get("dependencies", []))


def _vulnerable(answer: dict[str, Any]) -> list[str]:
    return [
        f"{each['name']} {each['version']}: {bad['id']}, mended in {', '.join(bad['fix_versions']) or 'no version yet'}"
        for each in answer.get("dependencies", [])
        for bad in each.get("vulns", [])
        if bad["id"] not in ACCEPTED
    ]


def _why(answer: dict[str, Any]) -> str:
    reasons = [each["skip_reason"] for each in answer.get("dependencies", []) if "skip_reason" in each]
    return str(answer.get("error") or f"The index has no answer: {reasons[0] if reasons else 'none at all'}.")


if __name__ == "__main__":
    sys.exit(main())
