"""Inline mode: what people type behind the bot's name in chats that it is told nothing of."""

import json
from dataclasses import dataclass

from tests.fakes.telegram_html import parse_html
from tests.fakes.telegram_limits import TOO_LATE, Refused, demand, keyboard, said_in


@dataclass(frozen=True)
class Offered:
    """What answers an inline query."""

    results: list
    more: str  # the offset of the next page
    cache_seconds: int
    personal: bool

    @property
    def titles(self):
        return [result["title"] for result in self.results]


@dataclass
class InlineMessage:
    """A result that somebody put into a chat; the bot is told nothing of that chat."""

    inline_message_id: str
    text: str
    entities: list
    rows: list
    preview: dict
    result: dict

    @property
    def buttons(self):
        return [button["text"] for row in self.rows for button in row]

    @property
    def reference(self):
        return f"telegram:inline:{self.inline_message_id}"


class Inline:
    """That part of the world around a fake Telegram, and of its server."""

    def __init__(self, *, inline, feedback):
        # What BotFather switches on: inline mode, and being told of what was chosen there.
        self.inline, self.feedback = inline, feedback
        self.queries = {}  # inline query -> (who, words), while it can be answered
        self.offers = {}  # inline query -> its answer

    def types(self, user, words, offset="", chat_type="supergroup"):
        """A person has typed these words behind the bot's name so far. The query's id."""
        with self._changed:
            assert self.inline, "without inline mode nothing is asked"
            query = f"i{next(self._ids)}"
            self.queries[query] = (user, words)
            asked = {"query": words[:256], "offset": offset, "chat_type": chat_type}
            self._push("inline_query", {"id": query, "from": user.json()} | asked)
            return query

    def choose(self, query, place=0):
        """Whoever typed puts one of the results into the chat; the message it becomes."""
        with self._changed:
            result = self.offers[query].results[place]
            user, words = self.queries[query]
            content = result["input_message_content"]
            text, entities = parse_html(content["message_text"])
            rows = result.get("reply_markup", {}).get("inline_keyboard", [])
            preview = content.get("link_preview_options", {})
            name = f"AAIn{next(self._ids)}"
            chosen = {"result_id": result["id"], "from": user.json(), "query": words}
            if rows:  # else it has no id by which it could be edited
                chosen["inline_message_id"] = name
            if self.feedback:
                self._push("chosen_inline_result", chosen)
            return InlineMessage(name, text, entities, rows, preview, result)

    def press_inline(self, user, message, button, *, known=True):
        """A person presses a button of what somebody put into a chat. The query's id."""
        with self._changed:
            where = {"inline_message_id": message.inline_message_id, "chat_instance": "-7919"}
            return self._press(user, message, button, where, known)

    def wait_for_offer(self, query, timeout=5.0):
        """What answers an inline query."""
        what = f"an offer for {query}"
        return self.wait_for(lambda: self.offers.get(query), timeout, what)

    def _do_answerinlinequery(self, params):
        query = params["inline_query_id"]
        if query not in self.queries:
            raise Refused(400, TOO_LATE)
        results, more = json.loads(params["results"]), params.get("next_offset", "")
        demand(len(results) <= 50, "RESULTS_TOO_MUCH")
        demand(len(more.encode()) <= 64, "NEXT_OFFSET_INVALID")
        demand(all(1 <= len(r["id"].encode()) <= 64 for r in results), "RESULT_ID_INVALID")
        demand(len({r["id"] for r in results}) == len(results), "RESULT_ID_DUPLICATE")
        for result in results:
            demand(result["type"] == "article" and result["title"], "ARTICLE_TITLE_EMPTY")
            content = result["input_message_content"]
            said_in(content | {"text": content["message_text"]})
            keyboard(result.get("reply_markup", {}), inline=self.inline)
        personal = str(params.get("is_personal", "")).lower() == "true"
        self.offers[query] = Offered(results, more, int(params.get("cache_time", 300)), personal)
        return True
