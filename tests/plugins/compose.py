"""docker-compose.yml as a Compose would read it, and its commands as processes of ours.

There need be no engine: each command is started as it stands there, with its environment, and with
this machine's addresses, ports and folders in place of those that containers have.
"""

import os
import re
import shlex
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
PROGRAMS = Path(sys.executable).parent
SECONDS = 60.0
# What has to be in .env, with characters that make trouble in addresses and options.
VARIABLES = {
    "POSTGRES_PASSWORD": "p@ss:word/with?all#of%it",
    "FLOWER_PASSWORD": "flower:password",
    "GRAFANA_PASSWORD": "grafana",
}
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<how>[-?])(?P<else>[^}]*))?\}")


def raw():
    """The file, with its variables still in it."""
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def filled(value, variables):
    """The same with variables replaced, as Compose does: ${A}, ${A:-default}, ${A:?message}."""
    if isinstance(value, dict):
        return {name: filled(inner, variables) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, variables) for inner in value]
    if not isinstance(value, str):
        return value

    def replaced(found):
        known = variables.get(found["name"])
        if known or found["how"] is None:
            return known or ""
        assert found["how"] == "-", f"{found['name']} {found['else']}"
        return found["else"]

    return VARIABLE.sub(replaced, value)


def words(command):
    """A command as the words that are executed."""
    return shlex.split(command) if isinstance(command, str) else list(command)


def is_ours(service):
    return service["image"].startswith("webtoonbot:")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def wait_until(true, what, alive=lambda: True):
    """Asks again and again until it is true; what it was then."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if found := true():
            return found
        assert alive(), f"ended while waiting for {what}"
        threading.Event().wait(0.1)
    raise AssertionError(f"waited {SECONDS:.0f} s for {what}")


class Stack:
    """The services, startable here. `instead` maps words of containers to those of this machine."""

    def __init__(self, folder, variables, instead):
        self.folder = folder
        for volume in ("data/models", "data/backups", "scratch"):
            (folder / volume).mkdir(parents=True)
        self.services = filled(raw()["services"], variables)
        self.instead = instead
        self.ports = {name: free_port() for name in self.services}
        self.running = {}
        self._seen_healthy = set()

    def environment(self, name):
        """What the file gives the service, adapted, and nothing of ours but where programs are."""
        kept = {k: v for k, v in os.environ.items() if k in ("PATH", "HOME", "TMPDIR")}
        given = self.services[name].get("environment", {})
        return kept | {k: self.here(name, str(v)) for k, v in given.items()}

    def here(self, name, word):
        for theirs, ours in {
            **self.instead,
            "0.0.0.0": "127.0.0.1",
            "9100": str(self.ports[name]),
            "5555": str(self.ports[name]),
            "/data": str(self.folder / "data"),
            "/var/tmp": str(self.folder / "scratch"),
        }.items():
            word = word.replace(theirs, ours)
        return word

    def argv(self, name, command):
        """The words of a command; a program of ours is found where the image has it on its PATH."""
        first, *rest = (self.here(name, word) for word in words(command))
        ours = PROGRAMS / first
        return [str(ours) if ours.is_file() else first, *rest]

    def start(self, name, command=None, **how):
        argv = self.argv(name, command or self.services[name]["command"])
        with (self.folder / f"{name}.log").open("ab") as log:
            self.running[name] = subprocess.Popen(
                argv,
                cwd=self.folder,
                env=self.environment(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **how,
            )
        return self.running[name]

    def run(self, name, command):
        """Runs a command in the environment of a service to its end."""
        return subprocess.run(
            self.argv(name, command),
            cwd=self.folder,
            env=self.environment(name),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
        )

    def is_healthy(self, name):
        """Whether the service's own health check says so."""
        kind, *command = self.services[name]["healthcheck"]["test"]
        assert kind == "CMD"
        return self.run(name, command).returncode == 0

    def wait_until_healthy(self, name):
        """Until its health check has passed once."""
        if name in self._seen_healthy:
            return
        wait_until(
            lambda: self.is_healthy(name),
            f"{name} to be healthy",
            lambda: self.running[name].poll() is None,
        )
        self._seen_healthy.add(name)

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def stop(self):
        """Ends all as Compose does, Redis last; their exit codes."""
        started = list(self.running)
        for names in (started[1:], started[:1]):
            for name in names:
                self.running[name].terminate()
            for name in names:
                self._ended(self.running[name])
        return {name: process.returncode for name, process in self.running.items()}

    @staticmethod
    def _ended(process):
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
