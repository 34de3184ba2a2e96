"""Runs benchmarks and writes what they print into docs/benchmarks.md: `make bench`.

`--only NAMES` runs some; the sections of the others stay as they are. `--ratings FILE`, ratings.csv
of MovieLens (latest-small), adds those that need real readers. A benchmark whose goal is missed
ends with 1; its section says so, and so does this.
"""

import argparse
import ast
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
MARK = "<!-- {} -->"
# In the order of the page. True: it reads --ratings.
BENCHMARKS = {
    "folds": True,
    "dislikes": True,
    "rerank": True,
    "onboarding": True,
    "zoo": True,
    "bubble": False,
    "fit": False,
    "update": False,
    "scoring": False,
    "peers/run": False,
    "retrain": False,
    "answer": False,
    "taste": False,
    "search": False,
    "door": False,
    "swap": False,
    "load": False,
    "alerts": False,
    "upsert": False,
    "link": False,
    "critiques": False,
    "crawl": False,
}
ELSEWHERE = {"peers/run"}  # environments of its own: only when named


def main() -> int:
    """Run, write, and end with 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", help="names, parted by commas")
    parser.add_argument("--ratings", type=Path, help="ratings.csv of MovieLens")
    told = parser.parse_args()
    names = told.only.split(",") if told.only else list(BENCHMARKS.keys() - ELSEWHERE)
    if unknown := set(names) - BENCHMARKS.keys():
        parser.error(f"found {', '.join(sorted(unknown))}, expected {', '.join(BENCHMARKS)}")
    sections = read(PAGE)
    if PAGE.exists() and not sections:
        parser.error(f"found no section in {PAGE}, which would be lost: move it away first")
    missed = []
    for name in (name for name in BENCHMARKS if name in names):
        if BENCHMARKS[name] and told.ratings is None:
            print(f"{name}: left out, it needs --ratings", file=sys.stderr)
            continue
        code, sections[name] = section(name, told.ratings)
        if code:
            missed.append(name)
        write(PAGE, sections)  # after each: a long run that is broken off loses one
    if missed:
        print(f"goals missed: {', '.join(missed)}", file=sys.stderr)
    return 1 if missed else 0


def section(name: str, ratings: Path | None) -> tuple[int, str]:
    """The exit code of this benchmark, and its part of the page."""
    script = HERE / f"{name}.py"
    title, _, about = (ast.get_docstring(ast.parse(script.read_text())) or name).partition("\n")
    given = ["--ratings", str(ratings)] if BENCHMARKS[name] else []
    load = os.getloadavg()[0]
    print(f"== {name}", flush=True)
    lines = []
    with subprocess.Popen(
        [sys.executable, str(script), *given], stdout=subprocess.PIPE, text=True, cwd=HERE.parent
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    code = process.returncode
    shown = " --ratings ratings.csv" if given else ""
    when = f"{datetime.now(UTC):%Y-%m-%d}, load average before it {load:.1f}"
    heading = title.split(": `")[0].rstrip(".")
    parts = [
        f"## {heading}",
        f"`.venv/bin/python benchmarks/{name}.py{shown}`, {when}"
        + (f"; **ended with {code}**." if code else "."),
        *([about.strip()] if about.strip() else []),
        "```\n" + "".join(lines).rstrip() + "\n```",
    ]
    return code, "\n\n".join(parts)


def read(page: Path) -> dict[str, str]:
    """The sections that the page has, by name."""
    text = page.read_text() if page.exists() else ""
    found = {}
    for name in BENCHMARKS:
        _, begun, rest = text.partition(MARK.format(name) + "\n")
        if begun:
            found[name] = rest.partition("\n<!-- ")[0].strip()
    return found


def write(page: Path, sections: dict[str, str]) -> None:
    """The whole page: an introduction, and the sections in their order."""
    machine = f"{os.cpu_count()} virtual cores of {_processor()}, {platform.system()}"
    intro = (
        "# Benchmarks\n\n"
        "Written by `make bench` and `make bench-peers`; nothing here is written by hand. Each "
        "section says its command, its data, and how busy the machine was. Data is made up or "
        "simulated unless a section names MovieLens, which is not part of this project.\n\n"
        f"{machine}, Python {platform.python_version()}.\n"
    )
    parts = [f"{MARK.format(name)}\n{sections[name]}\n" for name in BENCHMARKS if name in sections]
    page.write_text("\n".join([intro, *parts]))


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "an unnamed processor"


if __name__ == "__main__":
    sys.exit(main())
