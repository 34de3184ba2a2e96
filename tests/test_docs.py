import csv
import importlib
import os
import re
import tomllib
from pathlib import Path

import pytest
import typer
from pydantic_settings import BaseSettings

from bot.cli import app as webtoonbot
from bot.conversation.commands import COMMANDS
from tasks.cli import app as webtoonctl

ROOT = Path(__file__).parents[1]
PACKAGES = ("bot", "tasks", "crawler", "db")
READMES = ("README.md", "README.ko.md")
NOT_OURS = {"__pycache__", "build", "node_modules", "var"}
NONE = "–"

# Written in two halves, so that this file does not name them.
REGISTRIES = tuple(
    re.compile(re.escape(one + two), re.IGNORECASE)
    for one, two in (
        ("pypi", ".org"),
        ("python", "hosted.org"),
        ("download.py", "torch.org"),
        ("ana", "conda.org"),
        ("npm", "js.org"),
        ("npm", "js.com"),
        ("yarn", "pkg.com"),
        ("rubygems", ".org"),
        ("crates", ".io"),
        ("proxy.golang", ".org"),
        ("repo1.", "maven.org"),
        ("--index", "-url"),
    )
)
TOKENS = tuple(
    map(
        re.compile,
        (
            r"\b\d{8,10}:[A-Za-z0-9_-]{30,}",  # Telegram
            r"\b[A-Za-z0-9_-]{23,28}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}",  # Discord
            r"\bgh[pousr]_[A-Za-z0-9]{36}\b",
            r"\bAKIA[0-9A-Z]{16}\b",
            r"\bxox[abpr]-[0-9A-Za-z-]{10,}",
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
        ),
    )
)


def our_files():
    """Every file of the project, without what tools leave behind."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [
            name
            for name in folders
            if name not in NOT_OURS
            and not name.endswith(".egg-info")
            and (not name.startswith(".") or name == ".ci")
        ]
        for name in names:
            if name != ".env" and not (Path(folder) == ROOT and name == ".git"):
                yield Path(folder) / name


def texts():
    """Every file of the project that is text, with its name."""
    for path in our_files():
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def settings_classes():
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "BaseSettings" in path.read_text(encoding="utf-8")
    ]
    found = [
        value
        for module in map(importlib.import_module, modules)
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, BaseSettings)
    ]
    return [kind for kind in dict.fromkeys(found) if kind is not BaseSettings]


def settings():
    return sorted({name.upper() for kind in settings_classes() for name in kind.model_fields})


def leaves(app, name):
    """Each command that does something: its words, and the longest name of each option."""
    found = {}

    def walk(command, words):
        below = getattr(command, "commands", None)
        if below:
            for word, sub in below.items():
                walk(sub, f"{words} {word}")
            if not command.invoke_without_command:
                return
        options = (
            max(param.opts, key=len) for param in command.params if param.opts[0].startswith("-")
        )
        found[words] = sorted(set(options) - {"--help"})

    walk(typer.main.get_command(app), name)
    return found


def rows(text):
    """The rows of a document's tables, as lists of cells."""
    lines = (line.replace(r"\|", "\0") for line in text.splitlines() if line.startswith("|"))
    return [
        [cell.strip().replace("\0", "|") for cell in line.strip("|").split("|")] for line in lines
    ]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(params=READMES)
def readme(request):
    return read(request.param)


@pytest.fixture
def told(tmp_path, monkeypatch):
    """What the settings classes make of the lines of a .env file; nothing else speaks to them."""
    for name in settings():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def understood(*lines):
        Path(".env").write_text("\n".join(lines), encoding="utf-8")
        return {kind.__name__: kind().model_dump() for kind in settings_classes()}

    return understood


def test_the_settings_of_every_package_are_found():
    packages = {kind.__module__.partition(".")[0] for kind in settings_classes()}

    assert packages == set(PACKAGES)


def test_every_setting_is_in_the_readme_with_its_default(readme, told):
    documented = {
        row[0].strip("`"): row[1] for row in rows(readme) if re.match("`[A-Z_]+`", row[0])
    }

    defaults = told(
        *(f"{name}={said.strip('`')}" for name, said in documented.items() if said != NONE)
    )

    assert sorted(documented) == settings()
    assert defaults == told()


def test_every_setting_is_in_the_example_commented_out_with_its_default(told):
    lines = read(".env.example").splitlines()

    offered = [line[1:] for line in lines if re.match("#[A-Z_]+=", line)]

    assert sorted(line.partition("=")[0] for line in offered) == settings()
    assert told(*offered) == told()
    assert [line for line in lines if line and not line.startswith("#")] == []


def test_every_command_of_readers_is_in_the_readme_in_both_languages(readme):
    documented = [tuple(row[:2]) for row in rows(readme) if row[0].startswith("`/")]

    assert documented == [(f"`/{spec.name}`", f"`/{spec.korean}`") for spec in COMMANDS]


def test_every_command_of_operators_is_in_the_readme_with_all_its_options(readme):
    commands = leaves(webtoonbot, "webtoonbot") | leaves(webtoonctl, "webtoonctl")
    documented = {}
    for row in rows(readme):
        if match := re.match(r"`((?:webtoonbot|webtoonctl)(?: [a-z]+)+)", row[0]):
            documented[match[1]] = sorted(re.findall(r"--[a-z-]+", row[1]))

    assert documented == commands


def test_commands_in_the_readme_exist_wherever_it_names_them(readme):
    commands = leaves(webtoonbot, "webtoonbot") | leaves(webtoonctl, "webtoonctl")

    named = re.findall(r"\b(?:webtoonbot|webtoonctl)(?: [a-z]+)+", readme)

    assert [
        words for words in named if not any(f"{words} ".startswith(f"{c} ") for c in commands)
    ] == []


def test_make_targets_in_documents_exist():
    targets = set(re.findall(r"^([a-z-]+):", read("Makefile"), re.MULTILINE))

    named = {
        target
        for name, text in texts()
        if name.endswith(".md")
        for target in re.findall(r"(?:`|    )make (?:-s )?([a-z-]+)", text)
    }

    assert named - targets == set()


def commands(text):
    """The commands in the indented blocks of a document, without what is said of them."""
    lines = re.findall(r"^    ([a-z.][^#\n]*)", text, re.MULTILINE)
    return [command.strip() for line in lines for command in line.split("&&")]


def test_the_upgrade_that_is_written_down_installs_and_migrates_and_loads_nothing():
    guide = read("docs/operations.md").split("\n## Upgrade\n")[1].split("\n## ")[0]

    told = commands(guide)

    assert told[:5] == [
        "systemctl stop webtoonbot",
        ".venv/bin/webtoonctl backup",
        "git pull",
        "make install",
        ".venv/bin/webtoonctl db upgrade",
    ]
    assert [command for command in told if "chat" in command or "demo" in command] == []
    assert "demo" not in re.search(r"^install:.*(?:\n\t.*)*", read("Makefile"), re.MULTILINE)[0]


@pytest.mark.parametrize("name", [*READMES, "docs/operations.md"])
def test_programs_of_ours_are_called_where_they_are_installed(name):
    bare = re.compile(r"(?:webtoonbot|webtoonctl|celery)\b")

    assert [command for command in commands(read(name)) if bare.match(command)] == []


def test_links_between_documents_lead_somewhere():
    links = [
        (name, link)
        for name, text in texts()
        if name.endswith(".md")
        for link in re.findall(r"\]\(([^)\s]+)\)|<img[^>]*? src=\"([^\"]+)\"", text)
        for link in link
        if link and not re.match(r"[a-z]+:|#", link)
    ]

    broken = [
        (name, link)
        for name, link in links
        if not ((ROOT / name).parent / link.partition("#")[0]).exists()
    ]

    assert len(links) > 10
    assert broken == []


def test_both_readmes_have_the_same_sections_pictures_and_links():
    english, korean = map(read, READMES)

    def shape(text):
        links = re.findall(r"\]\(([^)\s]+)\)", text)
        return (
            re.findall(r"^#+", text, re.MULTILINE),
            re.findall(r"^    \S.*", text, re.MULTILINE),
            sorted(set(links) - set(READMES)),
            text.count("<img "),
        )

    assert shape(english) == shape(korean)


def test_the_readme_counts_the_works_that_ship(readme):
    with (ROOT / "tasks" / "demo" / "catalogue.csv").open(encoding="utf-8") as file:
        works = sum(1 for _ in csv.DictReader(file))

    assert re.findall(r"(\d+)(?: Naver Webtoon works|편)", readme) == [str(works)]


@pytest.mark.parametrize("pattern", REGISTRIES, ids=lambda pattern: pattern.pattern)
def test_no_file_names_a_package_registry(pattern):
    assert [name for name, text in texts() if pattern.search(text)] == []


@pytest.mark.parametrize("pattern", TOKENS, ids=lambda pattern: pattern.pattern)
def test_no_file_holds_what_looks_like_a_token(pattern):
    assert [name for name, text in texts() if pattern.search(text)] == []


def test_the_changelog_knows_this_version_or_what_is_not_released_yet():
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]

    headings = re.findall(r"^## \[?([^\]\s]+)", read("CHANGELOG.md"), re.MULTILINE)

    assert headings[0] in {"Unreleased", version}
