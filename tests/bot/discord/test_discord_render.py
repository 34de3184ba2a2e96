import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.reply import Button, Card, Document, Reply
from bot.discord import render
from bot.discord.buttons import ButtonRows, laid_out
from bot.discord.escaping import escaped, fitted, pieces
from tests.bot.discord.conftest import card
from tests.fakes.discord_limits import embed_faults, embed_size, message_faults

NO_PINGS = {"allowed_mentions": {"parse": []}}

# Text with everything that Discord formats, in any arrangement.
parts = ["https://a.b/c_d ", "@everyone", *"가a1 \n*_~`|<>@#:[]()-+\\./"]
nasty = st.lists(st.sampled_from(parts)).map("".join)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("신의 탑 (완결)", "신의 탑 (완결)"),
        ("A<b", r"A\<b"),
        ("1 < 2 & R&B", "1 < 2 & R&B"),
        ("*a* _b_ `c`", r"\*a\* \_b\_ \`c\`"),
        ("~~a~~ a~b", r"\~\~a\~\~ a~b"),
        ("||a|| a|b", r"\|\|a\|\| a|b"),
        ("[드라마] 지옥", "[드라마] 지옥"),
        ("[a](b)", r"\[a](b)"),
        ("@everyone @here @mina", r"\@everyone \@here @mina"),
        ("<@1> <#2> <:e:3> </like:4> <t:5>", r"\<@1> \<#2> \<\:e:3> \</like:4> \<t:5>"),
        (":smile: 12:30", r"\:smile: 12:30"),
        ("# a\n> b\n- c\n-# d", "\\# a\n\\> b\n\\- c\n\\-# d"),
        ("\n\n- a - b", "\n\n\\- a - b"),
        (r"a\b", r"a\\b"),
        ("https://a.b/c_d_e?f=*g* _h_", r"https://a.b/c_d_e?f=*g* \_h\_"),
    ],
)
def test_text_reads_as_it_was_written(written, sent):
    assert escaped(written) == sent


@given(nasty)
def test_escaping_adds_backslashes_and_nothing_else(text):
    assert escaped(text).replace("\\", "") == text.replace("\\", "")


@given(nasty, st.integers(2, 40))
def test_fitted_text_fits_and_is_cut_only_where_it_must_be(text, limit):
    cut = fitted(text, limit)

    assert len(cut) <= limit
    assert (cut == escaped(text)) == (len(escaped(text)) <= limit)


@given(nasty, st.integers(40, 80))
def test_pieces_fit_and_lose_nothing_but_blanks(text, limit):
    cut = list(pieces(text, limit))

    assert all(0 < len(piece) <= limit for piece in cut)
    bare = "".join(cut).replace("\\", "")
    assert "".join(bare.split()) == "".join(text.replace("\\", "").split())


def test_a_card_is_one_embed():
    shown = render.embed(card(7, mark="👍 You like *this*"))

    assert shown.to_dict() == {
        "type": "rich",
        "flags": 0,
        "title": "Work 7",
        "url": "https://comic.naver.com/webtoon/list?titleId=7",
        "description": "by SIU\nfantasy · ongoing\n\nBecause you like Work 0",
        "footer": {"text": "👍 You like *this*"},
    }


def test_a_card_of_nothing_but_a_title_is_still_an_embed():
    assert render.embed(Card("탑", "not a link")).to_dict() == {
        "type": "rich",
        "flags": 0,
        "title": "탑",
    }


@given(st.builds(Card, nasty, nasty, st.tuples(nasty, nasty), nasty, nasty))
def test_any_card_keeps_discords_limits(any_card):
    long = Card(any_card.title * 99, "https://a.b/" + "c" * 3000, any_card.lines * 999, "_" * 4000)

    for shown in (render.embed(any_card).to_dict(), render.embed(long).to_dict()):
        assert embed_faults(shown) == {}
        assert embed_size(shown) <= 6000


def test_an_embed_as_long_as_can_be_stays_below_the_total():
    longest = Card("가" * 300, "https://a.b", ("나" * 5000,), mark="다" * 3000)

    assert embed_size(render.embed(longest).to_dict()) == 256 + 4096 + 1000


async def test_any_buttons_keep_discords_limits():
    rows = tuple(tuple(Button("x" * 99, f"{row}:{n}") for n in range(row)) for row in range(9))

    components = ButtonRows(rows).to_components()

    assert message_faults({"components": components, **NO_PINGS}) == {}
    assert [len(row["components"]) for row in components] == [5, 5, 5, 5, 5]


def test_buttons_that_fit_stay_where_they_are():
    rows = ((Button("a", "1"), Button("b", "2")), (Button("c", "3"),))

    assert laid_out(rows) == rows


def test_a_list_of_eight_is_reflowed_in_order():
    rows = tuple((Button(str(n), f"s:{n}"),) for n in range(8))

    assert [[b.label for b in row] for row in laid_out(rows)] == [list("01234"), list("567")]


def test_an_action_appears_once_for_discord_refuses_two():
    rows = ((Button("a", "1"), Button("b", "2")), (Button("again", "1"),))

    assert laid_out(rows) == ((Button("a", "1"), Button("b", "2")),)


async def test_a_button_without_a_label_gets_one():
    (row,) = ButtonRows(((Button("", "1"),),)).to_components()

    assert row["components"][0]["label"] == "·"


def test_the_text_comes_first_with_its_buttons_then_a_message_for_each_card():
    rows = ((Button("Go", "go"),),)
    reply = Reply("Hello", cards=(card(1), card(2)), buttons=rows)

    assert render.messages(reply) == (
        render.Message("Hello", rows=rows),
        render.Message(card=card(1), rows=card(1).buttons),
        render.Message(card=card(2), rows=card(2).buttons),
    )


def test_a_notice_stands_before_the_text_unless_it_is_left_out():
    reply = Reply("Text", notice="Noted.")

    assert render.messages(reply) == (render.Message("Noted.\n\nText"),)
    assert render.messages(reply, noticed=False) == (render.Message("Text"),)


def test_a_notice_that_is_also_the_text_is_said_once():
    assert render.messages(Reply("Undone.", notice="Undone.")) == (render.Message("Undone."),)


def test_an_empty_reply_is_no_message():
    assert render.messages(Reply()) == ()


def test_buttons_or_a_file_alone_are_a_message():
    document = Document("a.json", "application/json", "{}")
    rows = ((Button("Go", "go"),),)

    assert render.messages(Reply(document=document)) == (render.Message(document=document),)
    assert render.messages(Reply(buttons=rows)) == (render.Message(render.BLANK, rows=rows),)


def test_a_verdict_on_a_public_card_is_acknowledged_by_its_notice_alone():
    reply = Reply(cards=(card(1),), notice="Noted.", replaces=True)

    assert render.acknowledgement(reply) == (render.Message("Noted."),)


def test_an_edit_takes_away_what_the_new_message_lacks():
    assert render.Message("Hello").as_edit() == {
        "content": "Hello",
        "embed": None,
        "view": None,
        "attachments": [],
    }


def test_several_cards_in_one_message_are_within_its_limits_however_long_they_are():
    long = Card(
        "제목" * 200,
        "https://a.b/" + "c" * 2000,
        lines=("*" * 5000,),
        reason="r" * 5000,
        mark="m" * 5000,
        buttons=tuple(tuple(Button("b" * 100, f"v:{n}:{m}") for m in range(4)) for n in range(2)),
        impression_id=1,
    )
    off = Button("off", "z:1")
    reply = Reply("*" * 1500, (long,) * 9, ((off,),), together=True)

    *texts, message = render.messages(reply)

    assert all(len(text.content) <= render.MAX_CONTENT for text in texts)
    sent = message.as_new()
    embeds = [embed.to_dict() for embed in sent["embeds"]]
    body = {"content": sent.get("content"), "embeds": embeds} | NO_PINGS
    assert message_faults(body) == {}
    assert sum(map(embed_size, embeds)) <= 6000
    assert laid_out(message.rows)[-1] == (off,)
    assert message.impressions == (1,) * len(embeds)


async def test_a_button_with_an_address_is_a_link_and_no_press():
    like, first, other = Button("👍", "1"), Button("Read", url="https://a.b/1"), "https://a.b/2"

    (row,) = ButtonRows(((like, first, Button("", url=other), first),)).to_components()

    shown = [(b["style"], b["label"], b.get("url")) for b in row["components"]]
    assert shown[1:] == [(5, "Read", "https://a.b/1"), (5, "·", other)]
    assert ["custom_id" in button for button in row["components"]] == [True, False, False]
    assert message_faults({"components": [row], **NO_PINGS}) == {}
