"""`webtoonbot`: how it refuses, and how it ends."""

import subprocess
import sys
from pathlib import Path

import pytest

STUCK = """
import threading
from bot import cli

cli._ENDING_SECONDS = 0.2
threading.Thread(target=threading.Event().wait, args=[60]).start()
cli._end()
"""


def test_a_thread_that_is_stuck_does_not_keep_the_process_from_ending():
    done = subprocess.run([sys.executable, "-c", STUCK], timeout=20, check=False)

    assert done.returncode == 0


@pytest.mark.parametrize(
    ("option", "value", "what"),
    [
        ("--as", b"mina\xff", "The name to speak as"),
        ("--room", b"sofa\xff", "The room's name"),
        ("--room", b" ", "The room's name"),
    ],
)
def test_a_name_that_is_no_text_is_refused_with_one_sentence(tmp_path, option, value, what):
    program = Path(sys.executable).with_name("webtoonbot")

    done = subprocess.run(
        [program, "chat", option, value],
        cwd=tmp_path,
        input=b"/help\n",
        capture_output=True,
        timeout=20,
        check=False,
    )

    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.decode().splitlines() == [
        f"{what} is no readable text: give another with {option} NAME."
    ]


def test_a_missing_token_is_told_before_anything_is_loaded_that_takes_long(tmp_path):
    script = (
        "import sys\n"
        "from bot import cli\n"
        "sys.argv = ['webtoonbot', 'telegram']\n"
        "try:\n"
        "    cli.main()\n"
        "finally:\n"
        "    print({'db.tables', 'numpy', 'telegram'} & sys.modules.keys())\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        encoding="utf-8",
        timeout=20,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "set()\n")
    assert done.stderr.startswith("TELEGRAM_TOKEN is not set:")
