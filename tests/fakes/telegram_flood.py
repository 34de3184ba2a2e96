"""How much Telegram takes of a bot in a time; a fake keeps these limits when it is told to."""

import math
from collections import defaultdict, deque

from tests.fakes.telegram_limits import Refused

SENDING = ("sendmessage", "senddocument", "sendphoto", "editmessagetext")


class Calm:
    """No limit at all."""

    def demand_patience(self, call):
        pass


class Flood:
    """30 messages a second in all, one a second to a chat, 20 a minute to a group."""

    def __init__(self):
        self._sent = deque()
        self._by_chat = defaultdict(deque)

    def retry_after(self, chat_id, now):
        """Seconds that a message must wait which came too early; 0 for one that is counted."""
        chat = self._by_chat[chat_id]
        for sent, many, span in (
            (self._sent, 30, 1.0),
            (chat, 1, 1.0),
            *(((chat, 20, 60.0),) if chat_id < 0 else ()),
        ):
            recent = [at for at in sent if now - at < span]
            if len(recent) >= many:
                return math.ceil(span - (now - recent[-many]))
        for sent, kept in ((self._sent, 30), (chat, 20)):
            sent.append(now)
            while len(sent) > kept:
                sent.popleft()
        return 0

    def demand_patience(self, call):
        """Raises Refused for a message that comes too early."""
        if call.method.lower() not in SENDING:
            return
        if wait := self.retry_after(int(call.params["chat_id"]), call.at):
            said = f"Too Many Requests: retry after {wait}"
            raise Refused(429, said, {"retry_after": wait})
