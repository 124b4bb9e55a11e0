"""Does what two computers do to each other on a network share, again and again: a table, a row a kind.

    python tests/faults/shares/run.py --times 100 --seed 1

Ends with 1 when anything was lost. Needs Linux, root, FUSE, sshfs and sshd.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from tests.faults.shares.rounds import Toll, make, races, sleepers
from tests.faults.shares.scene import network, why_not

CACHES = ("cache=yes", "cache=no")


def main() -> int:
    """Play, and say what came of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--times", type=int, default=100, help="races; a fifth as many computers fall asleep")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    reason = why_not()
    if reason:
        print(f"no share can be made: {reason}")
        return 1
    tolls: dict[str, Toll] = {}
    with tempfile.TemporaryDirectory() as folder, network(Path(folder)) as (one, other):
        for cache in CACHES:
            for ward in (one, other):
                ward.mount(cache)
            root = make(one, f"project {cache}")
            tolls[f"opened in the same moment, {cache}"] = races(one, other, root, args.times // 2)
            cut_off = sleepers(one, other, max(1, args.times // 10), args.seed)
            tolls[f"cut off while writing, {cache}"] = cut_off
            args.seed += 1
            for ward in (one, other):
                ward.unmount()
    for kind, toll in tolls.items():
        print(f"{kind:45} {toll.times:4} times, lost {len(toll.lost)}  {dict(toll.came)}")
        for line in toll.lost:
            print(f"    {line}")
    return int(any(toll.lost for toll in tolls.values()))


if __name__ == "__main__":
    sys.exit(main())
