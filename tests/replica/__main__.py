"""python -m tests.replica: prints one line of JSON with the addresses, serves until told to end."""

import argparse
import json
import signal

from tests.replica.robots import NAMES
from tests.replica.site import Replica


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.replica")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--users", type=int, default=30)
    parser.add_argument("--titles", type=int, default=40)
    parser.add_argument("--many", type=int, default=0, help="ratings of one more user")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--generation", type=int, default=1, choices=range(1, 6))
    parser.add_argument("--robots", default="permissive", choices=NAMES)
    parser.add_argument(
        "--ports", type=int, nargs=3, default=(0, 0, 0), metavar=("WATCHA", "NAVER", "CONTROL")
    )
    asked = parser.parse_args()
    # Before the threads are made, so that none of them gets the signals.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    replica = Replica(
        asked.seed,
        asked.users,
        asked.titles,
        latency_seconds=asked.latency_ms / 1000,
        many=asked.many,
        robots=asked.robots,
        ports=tuple(asked.ports),
    )
    replica.generation = asked.generation
    with replica as site:
        started = {
            "watcha": site.watcha_url,
            "naver": site.naver_url,
            "control": site.control_url,
            "robots": asked.robots,
        }
        print(json.dumps(started), flush=True)
        signal.sigwait(ends)


if __name__ == "__main__":
    main()
