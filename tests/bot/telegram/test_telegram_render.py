import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.reply import Button, Card, Reply
from bot.telegram.render import article, cut, length, render, split
from tests.fakes.telegram_html import parse_html, utf16
from tests.fakes.telegram_limits import keyboard

words = st.text(max_size=300) | st.text("ab <>&\"'\n가힣😀", max_size=9000)
buttons = st.builds(
    Button, label=st.text(max_size=90), action=st.sampled_from(["like:1", "x" * 64])
)
rows = st.lists(st.lists(buttons, max_size=12).map(tuple), max_size=14).map(tuple)
cards = st.builds(
    Card,
    title=words,
    url=st.just("") | st.text("ab<&\"'", max_size=30).map("https://comic.naver.com/?t={}".format),
    lines=st.lists(words, max_size=10).map(tuple),
    reason=words,
    mark=words,
    buttons=rows,
    impression_id=st.integers(1, 9),
    work_id=st.none() | st.integers(1, 2**31),
)
replies = st.builds(Reply, text=words, cards=st.lists(cards, max_size=5).map(tuple), buttons=rows)


@settings(max_examples=60)
@given(replies, st.booleans(), st.booleans())
def test_whatever_is_said_fits_what_telegram_takes(reply, together, sharing):
    messages = render(reply, together=together, sharing=sharing)

    for message in messages:
        text, _ = parse_html(message.html)  # raises on a tag or an & that is not ours
        assert text.strip()
        assert utf16(text) == message.length <= 4096
        keyboard = message.keyboard.inline_keyboard if message.keyboard else ()
        assert all(1 <= len(row) <= 8 and all(b.text for b in row) for row in keyboard)
        assert sum(len(row) for row in keyboard) <= 100
    shown = tuple(number for message in messages for number in message.impressions)
    assert shown == reply.impressions


def test_a_card_is_its_title_linked_then_lines_reason_and_mark_escaped():
    card = Card(
        "A<b & R&B", "https://x.example/?a=1&b=2", ("SIU", "판타지"), "because <i>", "👍", (), 3
    )

    (message,) = render(Reply(cards=(card,)))

    assert message.html == (
        '<a href="https://x.example/?a=1&amp;b=2"><b>A&lt;b &amp; R&amp;B</b></a>\n'
        "SIU\n판타지\n<i>because &lt;i&gt;</i>\n👍"
    )
    assert message.preview == "https://x.example/?a=1&b=2"
    assert message.impressions == (3,)


def test_a_private_reply_is_the_text_with_its_buttons_and_a_message_for_each_card():
    more, like = ((Button("More", "more"),),), ((Button("👍", "like:1"),),)
    one, two = Card("One", "https://1", buttons=like), Card("Two", "https://2")

    text, first, second = render(Reply("For you", (one, two), more))

    assert (text.html, text.rows, text.preview) == ("For you", more, "")
    assert (first.html, first.rows) == ('<a href="https://1"><b>One</b></a>', like)
    assert (second.rows, second.preview) == ((), "https://2")


def test_a_slate_together_is_one_message_with_numbered_cards_and_buttons():
    like, more = ((Button("👍", "like:1"),),), ((Button("More", "more"),),)
    slate = (Card("One", "", buttons=like, impression_id=1), Card("Two", "", buttons=like))

    (message,) = render(Reply("For all", slate, more), together=True)

    assert message.html == "For all\n\n1. <b>One</b>\n\n2. <b>Two</b>"
    assert [b.label for row in message.rows for b in row] == ["1 👍", "2 👍", "More"]
    assert message.preview == ""
    assert message.impressions == (1,)


def test_one_card_together_has_no_number_and_keeps_its_preview():
    (message,) = render(Reply("Saved", (Card("One", "https://1"),)), together=True)

    assert message.html == 'Saved\n\n<a href="https://1"><b>One</b></a>'
    assert message.preview == "https://1"


def test_a_slate_too_long_for_one_message_becomes_two():
    long = Card("T", "", lines=("가" * 256,) * 8)  # with "1. " before it 2,060 units

    messages = render(Reply(cards=(long, long)), together=True)

    assert [message.length for message in messages] == [2060, 2060]


def test_long_text_is_split_at_a_line_then_a_word_then_anywhere():
    assert split("one\ntwo three", limit=10) == ("one", "two three")
    assert split("one two three", limit=10) == ("one two", "three")
    assert split("0123456789ab", limit=10) == ("0123456789", "ab")
    assert split(" \n ") == ()


def test_emoji_count_double_and_are_never_halved():
    assert length("가😀") == 3
    assert cut("😀😀😀", 4) == "😀…"
    assert split("😀😀😀", limit=3) == ("😀", "😀", "😀")


def test_what_has_no_utf8_is_replaced_rather_than_refused():
    (message,) = render(Reply("broken \ud83d half"))

    assert message.html == "broken ? half"


def test_buttons_without_text_hang_on_the_last_card():
    more = ((Button("More", "more"),),)

    first, last = render(Reply(cards=(Card("One", ""), Card("Two", "")), buttons=more))

    assert (first.rows, last.rows) == ((), more)


def shown_rows(message):
    """The rows of a message's keyboard: label -> what else the button has."""
    rows = message.keyboard.to_dict()["inline_keyboard"]
    return [{b.pop("text"): dict(b) for b in row} for row in rows]


def labels(message):
    return [list(row) for row in shown_rows(message)]


def buttons_named(*names):
    return tuple(Button(name, name) for name in names)


def test_a_button_with_an_address_opens_it():
    rows = ((Button("Read", url="https://x.example/?a=1&b=2"), Button("👍", "like:1")),)

    (message,) = render(Reply("Hi", buttons=rows))

    assert shown_rows(message) == [
        {"Read": {"url": "https://x.example/?a=1&b=2"}, "👍": {"callback_data": "like:1"}}
    ]


@pytest.mark.parametrize(
    ("rows", "shared"),
    [
        ((), [["📤"]]),
        ((buttons_named("a", "b"),), [["a", "b", "📤"]]),
        ((buttons_named("a", "b", "c"),), [["a", "b", "c"], ["📤"]]),
        ((buttons_named("a", "b", "c"), buttons_named("d")), [["a", "b", "c"], ["d", "📤"]]),
        ((buttons_named("a"), buttons_named("b", "c", "d")), [["a", "📤"], ["b", "c", "d"]]),
    ],
)
def test_a_card_can_be_put_into_other_chats_where_its_labels_stay_readable(rows, shared):
    (message,) = render(Reply(cards=(Card("One", "", buttons=rows, work_id=12),)), sharing=True)

    assert labels(message) == shared
    (share,) = [row["📤"] for row in shown_rows(message) if "📤" in row]
    assert share == {"switch_inline_query": "#12"}


def test_cards_that_share_a_message_grow_by_no_row():
    rows = (buttons_named("a", "b", "c"),)
    slate = tuple(Card(title, "", buttons=rows, work_id=n) for n, title in enumerate("XY", start=1))

    (message,) = render(Reply(cards=slate), together=True, sharing=True)

    assert labels(message) == [["1 a", "1 b", "1 c", "1 📤"], ["2 a", "2 b", "2 c", "2 📤"]]


def test_without_inline_mode_or_for_nobody_elses_eyes_a_card_stays_where_it_is():
    like = (buttons_named("👍"),)
    for_all, mine = Card("One", "", buttons=like, work_id=12), Card("Two", "", buttons=like)

    (first,) = render(Reply(cards=(for_all,)))
    (second,) = render(Reply(cards=(mine,)), sharing=True)

    assert labels(first) == labels(second) == [["👍"]]


@settings(max_examples=60)
@given(cards)
def test_whatever_is_offered_fits_what_telegram_takes(card):
    offered = article(card, "w_12_3").to_dict()

    text, _ = parse_html(offered["input_message_content"]["message_text"])
    assert 1 <= utf16(text.strip()) <= 4096
    assert offered["title"].strip()
    keyboard(offered.get("reply_markup", {}), inline=True)


def test_an_offer_is_the_card_to_choose_and_the_message_that_it_becomes():
    rows = ((Button("👍", "like:1"), Button("Open", url="https://t.me/bot?start=w_12")),)
    picture = "https://img.example/1.jpg"
    card = Card("A<b", "https://x.example/1", ("SIU", "판타지"), "", "", rows, None, 12, picture)

    assert article(card, "w_12_0").to_dict() == {
        "type": "article",
        "id": "w_12_0",
        "title": "A<b",
        "description": "SIU\n판타지",
        "thumbnail_url": picture,
        "input_message_content": {
            "message_text": '<a href="https://x.example/1"><b>A&lt;b</b></a>\nSIU\n판타지',
            "parse_mode": "HTML",
            "link_preview_options": {"url": "https://x.example/1", "is_disabled": False},
        },
        "reply_markup": {
            "inline_keyboard": [
                [
                    {"text": "👍", "callback_data": "like:1"},
                    {"text": "Open", "url": "https://t.me/bot?start=w_12"},
                ]
            ]
        },
    }


def test_what_has_no_page_and_no_picture_is_offered_without():
    offered = article(Card("One", ""), "w_1_0").to_dict()

    assert offered["input_message_content"]["link_preview_options"] == {"is_disabled": True}
    assert "thumbnail_url" not in offered
