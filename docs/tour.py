"""Says again what docs/tour.md says, to the real programs, and writes down what they answer.

Run it with `.venv/bin/python docs/tour.py`. In blocks marked `text`, "mina › words" is typed by the
reader mina into a `webtoonbot chat` of her own, which lasts as long as the tour; "mina@room" is she
in a room, and readers with Korean names are spoken to in Korean. "$ words" is a command of the
operator's. A block marked with a file's name becomes that file. All else in these blocks is what
was answered. `<code>` is the last code that anybody was shown. The demo catalogue and a demo model
are in a folder that is deleted afterwards. What differs from run to run is written as "…".
"""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
PROMPT = "› "
STYLE = re.compile(r"\x1b\[[0-9;]*m")
BLOCK = re.compile(r"```(?P<kind>\S+)\n(?P<body>.*?)```\n", re.DOTALL)
SAID = re.compile(rf"(?P<who>[^\s@]+)(?:@(?P<room>\S+))? {PROMPT}(?P<words>.*)")
CODE = re.compile(r"\b[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}\b")
VOLATILE = (
    (CODE, "<code>"),
    (re.compile(r"\b20\d{6}-\d{6}-[0-9a-f]{6}\b"), "…"),  # a model's id
    (re.compile(r"\(now \d\d:\d\d\)"), "(now …)"),
    (re.compile(r"/\S*webtoonbot-taste-\S+\.png"), "…/taste.png"),
)


class Reader:
    """A reader's chat in a terminal of its own."""

    def __init__(self, name: str, room: str, home: Path, settings: Mapping[str, str]) -> None:
        language = "en" if name.isascii() else "ko"
        command = [str(BIN / "webtoonbot"), "chat", "--as", name, "--lang", language]
        command += ["--room", room] if room else []
        self._terminal, theirs = pty.openpty()
        self._process = subprocess.Popen(  # noqa: S603 -- our own
            command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=home, env=settings
        )
        os.close(theirs)
        self._answer()  # the greeting

    def says(self, words: str) -> str:
        """What is answered to this line."""
        os.write(self._terminal, f"{words}\n".encode())
        answer = self._answer()
        return answer.partition("\n")[2]  # without the line itself, which the terminal shows

    def leave(self) -> None:
        """Ends the chat as Ctrl-D does."""
        os.write(self._terminal, b"\x04")
        self._process.wait(timeout=30)
        os.close(self._terminal)

    def _answer(self) -> str:
        screen = b""
        while not screen.endswith(PROMPT.encode()):
            try:
                screen += os.read(self._terminal, 65_536)
            except OSError as error:  # the other side has hung up
                message = f"the chat ended early:\n{screen.decode()}"
                raise SystemExit(message) from error
        shown = STYLE.sub("", screen.decode()).replace("\r\n", "\n")
        return shown.removesuffix(PROMPT)


class Tour:
    """The programs over a demo of their own, and everybody who chats."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory()
        self._home = Path(self._folder.name)
        kept = {n: os.environ[n] for n in ("PATH", "HOME", "PYTHONPATH") if n in os.environ}
        self._settings = kept | {
            "DATABASE_URL": f"sqlite:///{self._home / 'demo.db'}",
            "MODEL_DIR": str(self._home / "models"),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            "TMPDIR": str(self._home),
        }
        self._readers: dict[tuple[str, str], Reader] = {}
        self._code = ""

    def __enter__(self) -> "Tour":
        self._run("webtoonctl demo")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for reader in self._readers.values():
            reader.leave()
        self._folder.cleanup()

    def replayed(self, text: str) -> str:
        """The document `text` with everything in it said and answered anew."""
        return BLOCK.sub(self._block, text)

    def _block(self, block: re.Match[str]) -> str:
        if block["kind"] != "text":
            (self._home / block["kind"]).write_text(block["body"], encoding="utf-8")
            return block[0]
        lines = block["body"].splitlines()
        said = [line for line in lines if SAID.fullmatch(line) or line.startswith("$ ")]
        told = "\n\n".join(f"{line}\n{self._answer(line)}".rstrip() for line in said)
        return f"```text\n{told}\n```\n"

    def _answer(self, line: str) -> str:
        match = SAID.fullmatch(line)
        if match is None:
            answer = self._run(line.removeprefix("$ "))
        else:
            who = (match["who"], match["room"] or "")
            if who not in self._readers:
                self._readers[who] = Reader(*who, self._home, self._settings)
            answer = self._readers[who].says(match["words"].replace("<code>", self._code))
        if found := CODE.findall(answer):
            self._code = found[-1]
        for volatile, written in VOLATILE:
            answer = volatile.sub(written, answer)
        return "\n".join(line.rstrip() for line in answer.strip("\n").splitlines())

    def _run(self, command: str) -> str:
        program, *arguments = command.split()
        done = subprocess.run(  # noqa: S603 -- our own
            [BIN / program, *arguments],
            cwd=self._home,
            env=self._settings,
            check=False,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            message = f"{command} ended with {done.returncode}:\n{done.stderr}"
            raise SystemExit(message)
        return done.stdout


def main() -> None:
    """Writes the tour anew."""
    page = HERE / "tour.md"
    with Tour() as tour:
        page.write_text(tour.replayed(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
