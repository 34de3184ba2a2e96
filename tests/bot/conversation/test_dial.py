"""/dial: from what few know to what everybody reads."""

import numpy as np
import pytest

from tests.plugins.chat import ON_SQLITE, buttons, export, titles

pytestmark = ON_SQLITE

NOW = {
    "niche": "Now: lesser-known works first.",
    "balanced": "Now: what fits you best, known or not.",
    "popular": "Now: well-known works first.",
}


@pytest.fixture
def known(chat):
    """A chat whose works are the less known, the later they came."""
    library = chat.world.serving.library
    counts = np.arange(len(library.works), 0, -1, dtype=np.float32) ** 2
    chat.world.serving.library = type(library)(library.works, counts, library.served)
    return chat


def labels(reply):
    return [button.label for button in buttons(reply)]


def test_it_shows_how_it_stands_and_offers_three_settings(chat):
    reply = chat.says("/dial")

    assert reply.private
    assert reply.text.splitlines() == ["🎚️ How well known may my suggestions be?", NOW["balanced"]]
    assert labels(reply) == ["💎 Niche", "🎯 Balanced ✓", "🔥 Popular", "✨ Recommend"]


@pytest.mark.parametrize(
    ("word", "setting"),
    [
        ("niche", "niche"),
        ("POPULAR", "popular"),
        (" balanced ", "balanced"),
        ("마니아", "niche"),
        ("균형", "balanced"),
        ("인기", "popular"),
    ],
)
def test_a_word_in_either_language_turns_it(chat, word, setting):
    chat.says("/dial popular" if setting == "balanced" else "/dial balanced")

    reply = chat.says(f"/dial {word}")

    assert reply.text.splitlines()[1] == NOW[setting]
    assert export(chat)["settings"]["dial"] == setting
    assert chat.says("/dial").text == reply.text


def test_a_button_turns_it_in_its_place(chat):
    chat.says("/dial")

    reply = chat.press("💎")

    assert (reply.replaces, reply.notice) == (True, "Changed.")
    assert labels(reply)[:3] == ["💎 Niche ✓", "🎯 Balanced", "🔥 Popular"]
    assert export(chat)["settings"]["dial"] == "niche"


def test_it_speaks_korean(chat):
    mina = chat.as_("mina", language="ko")

    reply = mina.says("다이얼 마니아")

    assert reply.text.splitlines()[1] == "지금은 덜 알려진 작품부터 보여 드려요."
    assert labels(reply) == ["💎 마니아 ✓", "🎯 균형", "🔥 인기", "✨ 추천받기"]


def test_another_word_is_refused_and_changes_nothing(chat):
    chat.says("/dial niche")

    reply = chat.says("/dial loud")

    assert reply.text == "I don't know the setting “loud”. Choose niche, balanced or popular."
    assert export(chat)["settings"]["dial"] == "niche"


def test_the_settings_say_it_too(chat):
    chat.says("/dial popular")

    assert "Dial: 🔥 Popular (/dial)" in chat.says("/settings").text


def test_who_is_forgotten_begins_in_the_middle(chat):
    chat.says("/dial niche")
    chat.says("/forget")
    chat.press("🗑️")

    assert export(chat)["settings"]["dial"] == "balanced"


def test_autocomplete_offers_the_three_in_the_readers_language(chat):
    speaker = chat.as_("mina", language="ko").event(None).speaker

    offered = chat.world.hearing.complete(speaker, "dial", "")

    assert [(choice.label, choice.value) for choice in offered] == [
        ("💎 마니아", "niche"),
        ("🎯 균형", "balanced"),
        ("🔥 인기", "popular"),
    ]


def test_recommendations_are_the_better_known_the_further_it_is_turned(known):
    counts = {w.title: c for w, c in zip(*works_and_counts(known), strict=True)}
    mean = dict.fromkeys(NOW, 0.0)
    for setting in NOW:
        for liked in ("신의 탑", "스위트홈", "연애혁명", "화산귀환", "조선왕조실톡"):
            reader = known.as_(f"{setting} {liked}")
            reader.says(f"/like {liked}")
            reader.says(f"/dial {setting}")
            mean[setting] += np.mean([counts[t] for t in titles(reader.says("/recommend"))])

    assert mean["niche"] < mean["balanced"] < mean["popular"]


def works_and_counts(chat):
    library = chat.world.serving.library
    return library.works, library.popularity


def test_why_says_the_same_however_it_is_turned(known):
    said = set()
    for setting in NOW:
        reader = known.as_(setting)
        for line in ("/like 신의 탑", "/like 독립일기", f"/dial {setting}"):
            reader.says(line)
        reader.says("/recommend")
        said.add(reader.says("/why 덴마").text.split("🎨")[0])

    assert len(said) == 1


def test_what_a_button_is_called_turns_it_too(chat):
    assert chat.says("/dial 💎 Niche").text.splitlines()[1] == NOW["niche"]


def test_it_turns_for_somebody_of_whom_nothing_is_known_too(known):
    counts = {w.title: c for w, c in zip(*works_and_counts(known), strict=True)}

    def shown(setting):
        reader = known.as_(setting)
        reader.says(f"/dial {setting}")
        return np.mean([counts[title] for title in titles(reader.says("/recommend"))])

    mean = {setting: shown(setting) for setting in NOW}
    assert mean["niche"] < mean["balanced"] / 2
    assert mean["popular"] == mean["balanced"]  # the best known are shown anyhow

    niche = known.as_("niche").says("/recommend")
    assert niche.text.startswith("I don't know your taste yet, so here are lesser-known works")
    assert "dial now stands at 💎 Niche" in known.as_("niche").says(f"/why {titles(niche)[0]}").text
    popular = titles(known.as_("popular").says("/recommend"))[0]
    assert "dial" not in known.as_("popular").says(f"/why {popular}").text


def test_the_niche_of_somebody_who_only_dislikes_is_no_more_like_that(known):
    library = known.world.serving.library
    disliked = library.works[0].title
    places = {}
    for name, line in (("plain", "/dial niche"), ("dislikes", f"/dislike {disliked}")):
        reader = known.as_(name)
        reader.says("/dial niche")
        reader.says(line)
        shown = [title for _ in range(8) for title in titles(reader.says("/recommend"))]
        places[name] = shown
    near = library.content.cosines(np.arange(len(library.works)), np.array([0]))[:, 0]
    alike = [work.title for work, n in zip(library.works, near, strict=True) if n > 0.2]

    assert alike
    for title in alike:
        if title in places["plain"]:
            before = places["plain"].index(title)
            assert places["dislikes"].index(title) >= before if title in places["dislikes"] else 1


def test_why_says_that_it_changed_the_order(known):
    known.says("/like 신의 탑")
    known.says("/recommend")
    assert "dial" not in known.press("💡", card=0).text

    known.says("/dial niche")
    known.says("/recommend")

    assert (
        "🎚️ The dial now stands at 💎 Niche, which changes the order (/dial)."
        in known.press("💡", card=0).text
    )
