"""The other end: a process that fits one recommender, and its environment."""

import json
import os
import subprocess
import sys
import time
import venv
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

# By the name of the environment: what is installed into it.
PINNED = {
    "lenskit": ["lenskit==2025.8.1"],
    "cornac": ["cornac==3.0.1"],
    "implicit": ["implicit==0.7.3"],
}
# Forced upon BLAS from outside, they slow some down and not others.
NOT_INHERITED = {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"}


@dataclass(frozen=True, slots=True)
class Said:
    """How long it took, and for a fit how many bytes above those before, at most."""

    seconds: float
    peak: int


class Child:
    """A process that runs `<script>.py` of this folder on the likes in `path`."""

    def __init__(
        self, script: str, path: Path, l2: float, python: Path | str = sys.executable
    ) -> None:
        self.script = script
        kept = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
        self.process = subprocess.Popen(
            [python, HERE / f"{script}.py", path, str(l2)],
            env=kept,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if script != "ours" else None,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.communicate()

    def fit(self) -> Said:
        return self._ask("fit")

    def answer(self) -> Said:
        return self._ask("answer")

    def _ask(self, what: str) -> Said:
        wait_for_quiet()
        assert self.process.stdin and self.process.stdout
        print(what, file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.script} ended without an answer to {what!r}")
        return Said(**json.loads(line))


def wait_for_quiet(seconds: float = 2.0) -> None:
    """Until nothing else runs: threads of the last one's BLAS or OpenMP spin on for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if Path("/proc/loadavg").read_text().split()[3].startswith("1/"):
            return
        time.sleep(0.005)


def python_of(name: str, folder: Path) -> Path:
    """The interpreter of the environment `name` in `folder`, which is made if it is not there."""
    home = folder / name
    python = home / "bin" / "python"
    if not python.exists():
        print(f"making an environment for {name} in {home} ...", file=sys.stderr)
        venv.create(home, with_pip=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, *PINNED[name]], check=True)
    return python
