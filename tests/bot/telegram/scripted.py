"""A conversation by script, and a Telegram door that runs in a thread beside the test."""

import asyncio
import threading

from pydantic import SecretStr

from bot.bridge import Bridge
from bot.conversation.reply import Offer, Reply
from bot.hearing import Unavailable
from bot.telegram.app import serve
from bot.telegram.pace import Pace
from tests.fakes.mailroom import ScriptedMailroom

QUICK = Pace(
    poll_seconds=5,
    toast_seconds=0.25,
    inline_toast_seconds=2.0,
    offer_seconds=0.5,
    call_seconds=1.0,
    first_retry_seconds=0.02,
    longest_retry_seconds=0.05,
    send_seconds=2.0,
    database_seconds=0.05,
    drain_seconds=0.3,
    post_seconds=0.05,
    renew_seconds=0.05,
    look_seconds=0.05,
)
SORRY = Reply("The database is away, try again", notice="Try again")


class ScriptedHearing:
    """Answers as the test says; what it keeps outlives the doors that use it."""

    def __init__(self):
        self.answer = lambda event: Reply(f"heard {getattr(event.said, 'text', event.said)}")
        self.offer = lambda inquiry: Offer()
        self.inquiries = []  # (speaker, inquiry)
        self.away = False  # is the database
        self.heard = []  # (event, again)
        self.kept = {}  # key -> payload, None once answered
        self.cards = []  # (impressions, message)
        self.apologies = 0
        self._known = {}
        self.held = {}  # key -> whose lease it is: True while somebody's
        self.mailroom = ScriptedMailroom()
        self.mail = []  # letters to operators
        self.post = []  # (letter id, error) of those that are done

    def hear(self, event, *, again=False):
        self._need()
        self.heard.append((event, again))
        if event.key in self._known and not again:
            return None
        if event.key not in self._known:
            self._known[event.key] = self.answer(event)
        return self._known[event.key]

    def inquire(self, speaker, inquiry):
        self.inquiries.append((speaker, inquiry))
        return self.offer(inquiry)

    def apology(self, speaker):
        self.apologies += 1
        return SORRY

    def keep(self, platform, updates, lease=None):
        self._need()
        new = [key for key, _ in updates if key not in self.kept]
        self.kept |= {key: payload for key, payload in updates if key in new}
        self.held |= dict.fromkeys(new, bool(lease))
        return new

    def take(self, platform, lease):
        rows = [row for row in self.waiting(platform) if not self.held.get(row[0])]
        self.held |= {key: True for key, _ in rows}
        return rows

    def hold(self, platform, keys, lease):
        self._need()
        self.held |= dict.fromkeys(keys, bool(lease))

    def unanswered(self, platform):
        return len(self.waiting(platform))

    def letters(self, platform, limit=10):
        self._need()
        taken, self.mail = self.mail[:limit], self.mail[limit:]
        return taken

    def posted(self, letter_id, error=None):
        self._need()
        self.post.append((letter_id, error))

    def waiting(self, platform):
        self._need()
        return [(key, payload) for key, payload in self.kept.items() if payload]

    def answered(self, platform, key):
        self._need()
        self.kept[key] = None

    def delivered(self, impressions, message):
        self._need()
        self.cards.append((tuple(impressions), message))

    def _need(self):
        if self.away:
            raise Unavailable

    @property
    def said(self):
        return [event.said for event, _ in self.heard]


class Door:
    """`serve` in a thread of its own; `stop` asks it to end and tells what it raised."""

    def __init__(self, hearing, telegram, *, token=None, hook=None, pace=QUICK):
        self.bridge = Bridge(hearing)
        self.token = SecretStr(token or telegram.token)
        self.url, self.hook, self.pace = telegram.url, hook, pace
        self.error = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()
        self._ready.wait(5)
        return self

    def stop(self, timeout=5.0):
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        return self.ended(timeout)

    def ended(self, timeout=5.0):
        self._thread.join(timeout)
        assert not self._thread.is_alive(), "the door did not close"
        return self.error

    def _run(self):
        try:
            asyncio.run(self._serve())
        except Exception as error:
            self.error = error
        finally:
            self._ready.set()
            self.bridge.close()

    async def _serve(self):
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        await serve(self.bridge, self.token, self.url, self._stop, hook=self.hook, pace=self.pace)
