"""/together: a round in which people join by a tap, and works that suit all of them.

What the others learn of somebody who joins is their name, and of each work that is shown how it
ranks for them, in percent, or that nothing is known of their taste. Likes, verdicts and genres are
never told. What remains to be inferred: a work that is not there was judged by somebody who is in,
or ranks low for somebody, which of the two and of whom is not to be told apart; only in a round of
two does each know that it was the other, or that the work was merely not among the best. Whoever
picks again and again, as people come and go, learns more of such ranks, and never more than ranks.
"""

import re
import unicodedata
from dataclasses import replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from bot.conversation import actions, cards, lineup
from bot.conversation.actions import Action
from bot.conversation.context import Context
from bot.conversation.errors import StaleButton, UserError
from bot.conversation.lineup import SLATE
from bot.conversation.reply import Button, Reply
from bot.conversation.taste import POPULARITY, TOGETHER, Taste, rank, rows_of
from bot.conversation.texts import Language, say
from db import feedback, impressions, parties
from db.impressions import Showing, Shown
from db.parties import Member, PartyRow
from recommender import together

MAX_MEMBERS = 25
MAX_PICKS = 99
_OPEN = timedelta(hours=12)
_SAME_TAP = timedelta(seconds=2)  # whoever taps twice did not come to leave
_SAME_PICK = timedelta(seconds=5)  # nor do two who tap at once want six works
_NAME = 32  # characters
_NAME_IN_CROWD, _CROWD = 11, 8  # so that all fit on a card
# Platforms make mentions, commands and links of these, whoever wrote them.
_TELLING = str.maketrans({"@": "＠", "/": "／", "#": "＃"})
# Letters and symbols that Unicode counts among the visible ones, and that nobody sees.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0\U0001d159")
_DOT = re.compile(r"\.(?=\w)")


def gather(ctx: Context) -> Reply:
    """The round that is open in this chat, or a new one."""
    if not ctx.place.shared:
        raise UserError("together.private")
    party = parties.opened(
        ctx.session,
        ctx.speaker.platform,
        ctx.place.chat_id,
        now=ctx.now,
        since=ctx.now - _OPEN,
    )
    return _round(ctx, party, ctx.language)


def press(ctx: Context, action: Action) -> Reply:
    """Joins or leaves a round, or chooses for those who are in."""
    verb, party = action.text(0), _held(ctx, action.number(1))
    members = parties.members(ctx.session, party.id)
    if verb == "j" and action.text(2) in set(Language):
        return _take_part(ctx, party, members, Language(action.text(2)))
    if verb == "p":
        return _pick(ctx, party, members)
    if verb == "o":
        return _pick(ctx, party, members, after=action.number(2))
    raise StaleButton


def _held(ctx: Context, party_id: int) -> PartyRow:
    """The round, ours until the transaction ends. Raises UserError if it is over."""
    party = parties.held(ctx.session, party_id)
    here = (ctx.speaker.platform, ctx.place.chat_id)
    if party is None:
        raise UserError("together.over")
    if (party.platform, party.chat_id) != here or not ctx.place.shared:
        raise StaleButton
    if party.closed or party.opened_at <= ctx.now - _OPEN:
        raise UserError("together.over")
    return party


def _take_part(ctx: Context, party: PartyRow, members: list[Member], language: Language) -> Reply:
    mine = next((member for member in members if member.reader_id == ctx.reader.id), None)
    if mine is None:
        if len(members) >= MAX_MEMBERS:
            raise UserError("together.full", limit=MAX_MEMBERS)
        name = _called(ctx.speaker.name) or say(language, "together.nameless")
        parties.join(ctx.session, party.id, ctx.reader.id, name, ctx.now)
        notice = "together.joined"
    elif ctx.now - mine.joined_at < _SAME_TAP:
        raise UserError("together.joined")
    else:
        parties.leave(ctx.session, party.id, ctx.reader.id)
        notice = "together.left"
    return _round(ctx, party, language, ctx.say(notice))


def _round(ctx: Context, party: PartyRow, language: Language, notice: str = "") -> Reply:
    """The round's message: the same for all, so in the language of who asked for it."""
    names = [member.name for member in parties.members(ctx.session, party.id)]
    lines = [say(language, "together.who")]
    if names:
        lines.append(say(language, "together.in", count=len(names), names=", ".join(names)))
    buttons = (
        Button(say(language, "button.together"), actions.take_part(party.id, language)),
        Button(say(language, "button.pick"), actions.pick(party.id)),
    )
    return Reply(
        "\n".join(lines), buttons=(buttons,), notice=notice, replaces=bool(notice), for_all=True
    )


def _pick(ctx: Context, party: PartyRow, members: list[Member], after: int | None = None) -> Reply:
    """Works for all members, the best for who is in now, or others than all so far."""
    if not members:
        raise UserError("together.nobody")
    if all(member.reader_id != ctx.reader.id for member in members):
        raise UserError("together.not_in")
    if ctx.library.gone.all():
        raise UserError("recommend.no_catalogue")
    slates = [f"together:{party.id}:{number}" for number in range(1, MAX_PICKS + 1)]
    before = impressions.in_slates(ctx.session, slates)
    number = max((n for n, slate in enumerate(slates, 1) if slate in before), default=0)
    if number and _just_now(ctx, before[slates[number - 1]]):
        raise UserError("together.just_picked")
    if after is not None and after < number:  # a pick goes with who picked, if they go
        raise UserError("together.newer")
    seen = {shown.webtoon_id for slate in before.values() for shown in slate}
    rows, ranks, unknown = _chosen(ctx, members, set() if after is None else seen)
    if not rows or number == MAX_PICKS:
        raise UserError("together.none_left" if number else "together.none")
    shown = [
        Shown(ctx.library.works[row].id, position, TOGETHER) for position, row in enumerate(rows)
    ]
    logged = ctx.show(slates[number], shown)
    made = [
        cards.card(
            ctx,
            ctx.library.works[row],
            reason=_reason(ctx, members, ranks[:, row], unknown),
            impression_id=impression,
        )
        for row, impression in zip(rows, logged, strict=True)
    ]
    others = Button(ctx.say("button.pick_others"), actions.pick_others(party.id, number + 1))
    made[-1] = replace(made[-1], buttons=(*made[-1].buttons, (others,)))
    names = ", ".join(member.name for member in members)
    return Reply(ctx.say("together.picked", names=names), tuple(made), for_all=True)


def _just_now(ctx: Context, slate: list[Showing]) -> bool:
    return ctx.now - slate[0].at < _SAME_PICK


def _chosen(
    ctx: Context, members: list[Member], seen: set[int]
) -> tuple[list[int], NDArray[np.float64], list[bool]]:
    """The rows of the works, best first; (members, works) percentiles; whose taste is unknown."""
    library = ctx.library
    shape = (len(members), len(library.works))
    scores, barred, unknown = np.empty(shape, np.float32), np.empty(shape, bool), []
    given = feedback.current_of(ctx.session, [member.reader_id for member in members])
    for number, member in enumerate(members):
        taste = Taste.of(given[member.reader_id])
        ranking = rank(library, taste)
        scores[number] = ranking.scores + lineup.lean(library, ranking, len(taste.likes))
        barred[number] = library.gone | library.adult
        barred[number, rows_of(library, taste.verdicts)] = True
        unknown.append(ranking.policy == POPULARITY)
    ranks = together.percentiles(scores, barred)
    worth = together.worth(ranks)
    worth[rows_of(library, seen)] = -np.inf
    rows = together.contenders(worth)
    alike = np.zeros((len(rows), len(rows)), dtype=np.float32)
    if library.content is not None:
        alike = library.content.cosines(rows, rows)
    places = together.varied(worth[rows], alike, SLATE)
    return rows[places].tolist(), ranks, unknown


def _reason(
    ctx: Context, members: list[Member], ranks: NDArray[np.float64], unknown: list[bool]
) -> str:
    """A line for each member: how well the work fits them, and nothing else of them."""
    lines = []
    for member, share, guessed in zip(members, ranks, unknown, strict=True):
        name = _cut(member.name, _NAME_IN_CROWD) if len(members) > _CROWD else member.name
        told = "together.guessed" if guessed else "together.fits"
        lines.append(ctx.say(told, name=name, share=_percent(share)))
    return "\n".join(lines)


def _percent(share: float) -> str:
    """In whole percent, rounded down, as "better than" wants it; nothing is better than all."""
    return f"{min(99, int(100 * share + 1e-9))}"


def _called(name: str) -> str:
    """A name from outside as we repeat it: printable, short, and nothing that could be tapped.

    "" for one of which nothing would be seen.
    """
    seen = (char if char.isprintable() and char not in _BLANKS else " " for char in name)
    clean = "".join(seen)
    if all(unicodedata.category(char)[0] in "MZ" for char in clean):  # marks need what they mark
        return ""
    return _cut(_DOT.sub("․", " ".join(clean.split()).translate(_TELLING)), _NAME)


def _cut(name: str, length: int) -> str:
    return name if len(name) <= length else name[: length - 1].rstrip() + "…"
