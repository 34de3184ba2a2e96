"""Letters to readers step by step, within one session."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from db import catalogue, letters, news, readers
from db.reader_tables import News, WorkEvent
from db.tables import Account, Outbox
from tests.plugins.library import NOON

LONDON = ZoneInfo("Europe/London")
LEASE = timedelta(minutes=1)


class Post:
    """A session, a reader whose account is telegram:1, and events of the first works."""

    def __init__(self, session):
        self.session = session
        self.works = [work.id for work in catalogue.works(session)]
        self.reader = self.person("1")

    def person(self, user, platform="telegram", **choices):
        reader = readers.of_account(self.session, platform, user, NOON).id
        readers.spoke(self.session, platform, user, NOON)
        if choices:
            readers.choose(self.session, reader, **choices)
        return reader

    def account(self, platform, user, spoke=NOON, reader=None):
        """Another account of the reader's."""
        other = self.person(user, platform)
        readers.spoke(self.session, platform, user, spoke)
        row = self.session.scalars(select(Account).where(Account.reader_id == other)).one()
        row.reader_id = reader or self.reader
        self.session.flush()
        readers.forget(self.session, other)

    def happens(self, work=0, kind="chapter", detail="3화", at=NOON, readers=()):
        event = WorkEvent(webtoon_id=self.works[work], kind=kind, detail=detail, at=at)
        self.session.add(event)
        self.session.flush()
        self.add(f"event:{event.id}", event.id, at, readers)
        return event.id

    def add(self, key, event=None, at=NOON, to=()):
        news.add(
            self.session, to or [self.reader], key, event_id=event, now=at, default_zone=LONDON
        )

    def due(self, platform="telegram", now=NOON, limit=9):
        return letters.due(self.session, platform, now, limit)

    def items(self, reader=None, now=NOON):
        return news.items(self.session, reader or self.reader, now)

    def write(self, reader=None, to=None):
        """The id of a letter that says all that is due."""
        reader = reader or self.reader
        to = to or letters.own(self.session, reader)
        said = self.items(reader)
        return letters.write(self.session, reader, to, "{}", said, now=NOON)

    def take(self, now=NOON, platform="telegram", limit=9, **how):
        return letters.take(self.session, platform, now, now + LEASE, limit, **how)

    def going(self, letter, now=NOON, **how):
        return letters.going(self.session, letter, now, now + LEASE, LONDON, **how)

    def row(self, letter_id):
        self.session.expire_all()
        return self.session.get(Outbox, letter_id)

    def news(self):
        """(letter, in doubt) of each news, in order."""
        rows = self.session.execute(select(News.letter_id, News.doubt).order_by(News.id))
        return [tuple(row) for row in rows]
