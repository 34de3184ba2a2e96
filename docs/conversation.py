"""Records a conversation with the real `webtoonbot chat` and draws it as conversation*.svg.

Run it with `.venv/bin/python docs/conversation.py`. The process talks over a terminal of its own,
to the demo catalogue and a demo model in a folder that is deleted afterwards; only the model's id
differs from run to run. No font travels with the picture: every run of characters is told how many
cells it takes, so that the lines agree in whatever monospaced font the viewer has.
"""

import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import escape

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
SAID = ("/like 신의 탑", "/recommend", "1", "12")  # 1: 👍 the first card; 12: why the second?
PICTURES = {"ko": "conversation.ko.svg", "en": "conversation.svg"}
PROMPT = "› "

FONT_SIZE, CELL, LINE, MARGIN, BAR = 14, 7.5, 20, 20, 36  # pixels
FONTS = (
    "ui-monospace, Menlo, Consolas, 'D2Coding', 'Noto Sans Mono CJK KR', 'NanumGothicCoding', "
    "'DejaVu Sans Mono', 'Apple SD Gothic Neo', 'Malgun Gothic', 'Noto Sans CJK KR', "
    "'Apple Color Emoji', 'Segoe UI Emoji', 'Noto Color Emoji', monospace"
)
STYLE = f"""
  text {{ font: {FONT_SIZE}px {FONTS}; fill: #d6deeb; white-space: pre; }}
  .said {{ fill: #7fdbca; font-weight: bold; }}
  .title {{ fill: #ffffff; font-weight: bold; }}
  .dim {{ fill: #8b9bb0; }}
"""
# Hangul and emoji take two cells in most fonts and something near it in the rest: apart from the
# letters around them, neither pushes the other out of line.
HANGUL = r"\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3"
EMOJI = r"\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
RUNS = re.compile(rf"[{HANGUL}]+|[{EMOJI}]\ufe0f?|[^\s{HANGUL}{EMOJI}]+")


def main() -> None:
    """Writes both pictures beside this file."""
    with TemporaryDirectory() as folder:
        home = Path(folder)
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        environment = kept | {
            "DATABASE_URL": f"sqlite:///{home / 'demo.db'}",
            "MODEL_DIR": str(home / "models"),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
        }
        demo = [str(BIN / "webtoonctl"), "demo"]
        subprocess.run(demo, cwd=home, env=environment, check=True)  # noqa: S603 -- our own
        for language, picture in PICTURES.items():
            chat = [str(BIN / "webtoonbot"), "chat", "--as", language, "--lang", language]
            screen = record(chat, SAID, home, environment)
            lines = screen.replace("\r\n", "\n").rstrip("\n").split("\n")
            (HERE / picture).write_text(draw(lines, language), encoding="utf-8")


def record(
    command: list[str], said: tuple[str, ...], folder: Path, environment: dict[str, str]
) -> str:
    """What a terminal shows, styles and all, when `said` is typed; without the greeting."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(  # noqa: S603 -- our own
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=environment
    ) as process:
        os.close(theirs)
        _until_prompt(ours)  # the greeting
        screen = PROMPT
        for line in said:
            os.write(ours, f"{line}\n".encode())
            screen += _until_prompt(ours)
        os.write(ours, b"\x04")
        if process.wait() != 0:
            raise SystemExit(f"{command[0]} ended with {process.returncode}:\n{screen}")
    os.close(ours)
    return screen.removesuffix(PROMPT)


def draw(lines: list[str], language: str) -> str:
    """The picture, as SVG, of a terminal that shows `lines`."""
    shown = [Text.from_ansi(line) for line in lines]
    width = round(2 * MARGIN + CELL * max(cell_len(line.plain) for line in shown))
    height = BAR + MARGIN + LINE * len(shown)
    body = [
        run
        for number, line in enumerate(shown)
        for run in _drawn(line, BAR + LINE * number + FONT_SIZE)
    ]
    lights = [
        f'<circle cx="{MARGIN + 6 + 20 * n}" cy="18" r="6" fill="{colour}"/>'
        for n, colour in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    ]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" xml:lang="{language}" role="img">'
    )
    spoken = escape("\n".join(line.plain for line in shown))
    frame = f'<rect width="{width}" height="{height}" rx="10" fill="#10192b"/>'
    parts = [head, f"<desc>{spoken}</desc>", f"<style>{STYLE}</style>", frame, *lights, *body]
    return "\n".join([*parts, "</svg>", ""])


def _until_prompt(terminal: int) -> str:
    screen = b""
    while not screen.endswith(PROMPT.encode()):
        try:
            screen += os.read(terminal, 65_536)
        except OSError as error:  # the other side has hung up
            raise SystemExit(f"the chat ended early:\n{screen.decode()}") from error
    return screen.decode()


def _drawn(line: Text, y: int) -> Iterator[str]:
    """Each run of one kind of character, at its cells."""
    said, console = line.plain.startswith(PROMPT), Console()
    for match in RUNS.finditer(line.plain):
        x = MARGIN + CELL * cell_len(line.plain[: match.start()])
        cells = cell_len(match[0])
        style = line.get_style_at_offset(console, match.start())
        kind = "said" if said else "title" if style.bold else "dim" if style.dim else "plain"
        where = f'x="{x}" y="{y}" textLength="{CELL * cells}" lengthAdjust="spacingAndGlyphs"'
        yield f'<text {where} class="{kind}">{escape(match[0])}</text>'


if __name__ == "__main__":
    main()
