"""What we say: the same in both languages, all of it used, none of it missing."""

import ast
import re
import string
import unicodedata
from itertools import product
from pathlib import Path

import pytest

import bot
from bot.conversation.commands import COMMANDS, OPS
from bot.conversation.hours import CITIES
from bot.conversation.particles import particle
from bot.conversation.texts import Language, language_of, say, sentences, term, terms
from db.tables import Verdict

KO, EN = sentences(Language.KOREAN), sentences(Language.ENGLISH)
SOURCES = sorted(Path(bot.__file__).parent.rglob("*.py"))
# What stands in the braces of the f-strings that make keys.
FAMILIES = {
    "verdict": [*Verdict],
    "given": [*Verdict],
    "spec.name": [spec.name for spec in (*COMMANDS, OPS)],
    "group": ["find", "tell", "news", "own"],
    "outcome": ["ok", "skipped", "rejected", "failed", "running"],
    "day": ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"],
    "adult": ["on", "off"],
    "trains": ["on", "off"],
    "flip_adult": ["on", "off"],
    "flip_trains": ["on", "off"],
    "name": ["korean", "english", "finished", "ongoing"],
    "dial": ["niche", "balanced", "popular"],
    "setting": ["niche", "balanced", "popular"],
    "ctx.reader.dial": ["niche", "balanced", "popular"],
    "already": ["", "already_"],
    "chosen": ["ko", "en", "auto"],
    "mode": ["at_once", "digest", "off"],
    "weeks": ["on", "off", "silent"],
    "flip": ["on", "off"],
    "city": [*CITIES],
    "latin": ["title", "filter", "language", "dial", "alerts", "code", "list", "file", "private"],
    "platform": ["telegram", "discord", "terminal"],
    "_unknown(ctx)": [
        "left_out",
        "typical",
        "niche",
        "popularity",
        "unrelated",
        "dislikes",
        "first",
    ],
    "remark": ["same", "kept", "changed", "adult"],
}


def fields(sentence):
    """(name, format spec) of each placeholder."""
    return [(name, spec) for _, name, spec, _ in string.Formatter().parse(sentence) if name]


def strings_of(node):
    """The strings an expression may be: literals, f-strings with their families filled in."""
    match node:
        case ast.Constant(value=str(value)):
            return {value}
        case ast.JoinedStr(values=values):
            choices = [
                [part.value]
                if isinstance(part, ast.Constant)
                else FAMILIES[ast.unparse(part.value)]
                for part in values
            ]
            return {"".join(parts) for parts in product(*choices)}
        case ast.IfExp(body=body, orelse=orelse):
            return strings_of(body) | strings_of(orelse)
    return set()


def keys_in(path):
    """(keys that this module certainly says, all strings in it that might be keys)."""
    sure, maybe = set(), set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant | ast.JoinedStr):
            try:
                maybe |= strings_of(node)
            except KeyError:
                continue  # an f-string of other things
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        if called in ("say", "UserError", "_sorry"):
            for argument in node.args[:2]:
                sure |= {key for key in strings_of(argument) if re.fullmatch(r"\w+(\.\w+)+", key)}
    return sure, maybe


def test_both_languages_say_the_same_things():
    assert set(KO) == set(EN)


@pytest.mark.parametrize("key", sorted(EN))
def test_a_sentence_has_the_same_placeholders_in_both_languages(key):
    assert {name for name, _ in fields(KO[key])} == {name for name, _ in fields(EN[key])}


def test_every_key_in_the_code_exists():
    said = set().union(*(keys_in(path)[0] for path in SOURCES))

    assert len(said) > 100
    # `name` stands for two things; not every pair of them is ever said.
    possible = {f"button.{name}" for name in FAMILIES["name"]} | {
        f"recommend.{name}" for name in FAMILIES["name"]
    }
    assert said - set(EN) <= possible


def test_every_sentence_is_said_somewhere():
    said = set().union(*(keys_in(path)[1] for path in SOURCES))

    assert set(EN) - said == set()


@pytest.mark.parametrize("language", Language)
def test_every_family_of_keys_is_whole(language):
    for verdict in Verdict:
        for key in ("liked.{}", "liked.already_{}", "mark.{}"):
            say(language, key.format(verdict), title="신의 탑")
    for spec in (*COMMANDS, OPS):
        say(language, f"command.{spec.name}")


@pytest.mark.parametrize(("key", "sentence"), sorted(KO.items()))
def test_korean_particles_are_ones_we_know(key, sentence):
    for _, spec in fields(sentence):
        assert spec in ("", "을/를", "은/는", "이/가", "과/와", "으로/로")
        if spec:
            assert particle("신의 탑", spec) == spec.split("/")[0]
            assert particle("덴마", spec) == spec.split("/")[1]


@pytest.mark.parametrize(("count", "told"), [(0, "0 works"), (1, "1 work"), (2, "2 works")])
def test_english_numbers_agree_with_what_they_count(count, told):
    assert say(Language.ENGLISH, "link.yours", count=count) == f"• Here: {told}"


@pytest.mark.parametrize(("key", "sentence"), sorted(EN.items()))
def test_english_plurals_are_of_whole_words(key, sentence):
    for _, spec in fields(sentence):
        one, _, many = spec.partition("/")
        assert spec == "" or (one.isalpha() and many.isalpha())


def test_no_korean_sentence_fixes_a_particle_after_a_title():
    bare = re.compile(r"\{(?:title|a|b|name)\}(?:을|를|은|는|이|가|과|와|로|으로)(?:\s|$)")

    assert [key for key, sentence in KO.items() if bare.search(sentence)] == []


@pytest.mark.parametrize("table", [KO, EN], ids=["ko", "en"])
def test_every_button_carries_an_emoji_and_a_word(table):
    for key in (key for key in table if key.startswith("button.")):
        emoji, _, word = table[key].partition(" ")
        assert unicodedata.category(emoji[0]) == "So", key
        assert not any(char.isalpha() for char in emoji), key
        assert any(char.isalpha() for char in word), key


def test_marks_and_verdicts_share_their_emoji_with_the_buttons():
    for table, verdict in product((KO, EN), ("like", "dislike", "read")):
        assert table[f"mark.{verdict}"][0] == table[f"button.{verdict}"][0]
        assert table[f"liked.{verdict}"][0] == table[f"button.{verdict}"][0]


def test_commands_descriptions_fit_the_platforms_menus():
    for table in (KO, EN):
        for spec in (*COMMANDS, OPS):
            assert 1 <= len(table[f"command.{spec.name}"]) <= 100


def test_an_unknown_key_is_a_bug():
    with pytest.raises(KeyError):
        say(Language.ENGLISH, "no.such.key")


def test_values_are_put_in_as_they_are():
    assert say(Language.ENGLISH, "ask.unknown", query="{0} %s {title}") == (
        "I found no work for “{0} %s {title}”."
    )


@pytest.mark.parametrize(
    ("tag", "language"), [("ko", "ko"), ("KO-kr", "ko"), ("en", "en"), ("fr", "en"), (None, "en")]
)
def test_a_platforms_tag_decides(tag, language):
    assert language_of(tag) == language


def test_every_genre_and_keyword_of_the_demo_catalogue_has_an_english_name():
    import csv
    from importlib import resources

    rows = csv.DictReader(
        resources.files("tasks").joinpath("demo", "catalogue.csv").read_text("utf-8").splitlines()
    )
    names = {n for row in rows for field in ("genres", "keywords") for n in row[field].split("|")}

    assert {n for n in names if n and term(Language.ENGLISH, n) == n and n != "SF"} == set()


def test_english_names_lead_back_to_the_korean_ones():
    assert terms()["romance fantasy"] == "로판"
    assert terms()["로맨스"] == "로맨스"
