"""Watcha Pedia: which address shows which document, and its API."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from urllib.parse import parse_qs, urlsplit

from tests.replica import answers
from tests.replica.answers import Answer, as_json, html
from tests.replica.listing import Listing, comments_of, ratings_of
from tests.replica.markup import Markup
from tests.replica.model import PAGE, Comment, Row, User, WatchaWork
from tests.replica.pages import Pages
from tests.replica.scenario import Fault
from tests.replica.world import World

CLIENT = ("x-frograms-client", "x-frograms-app-code", "x-frograms-version")
PREFIX = re.compile(r"/ko(-KR)?(?=/|$)")
TABS = {"webtoons", "books", "movies", "tv", "notices", "me", "best"}
CODE = r"([A-Za-z0-9]{7})"
Query = Mapping[str, str]


class Watcha:
    """Answers requests with what the world holds at that moment."""

    def __init__(self, world: World, markup: Callable[[], Markup]) -> None:
        self.world, self._markup = world, markup
        documents = {
            "": self._other,
            "/search": self._search,
            f"/contents/{CODE}": self._work,
            f"/contents/{CODE}/comments": self._comments,
            f"/users/{CODE}": self._user,
            f"/users/{CODE}/contents/webtoons/ratings": self._ratings,
            f"/comments/{CODE}": self._comment,
            f"/users/{CODE}/(contents/webtoons(/wishes)?|comments)": self._other,
            f"/(contents|users|comments)/({'|'.join(sorted(TABS))})": self._other,
            f"/people/{CODE}|/sign_in|/settings": self._other,
        }
        api = {
            f"/api/contents/{CODE}": self._api_work,
            f"/api/contents/{CODE}/comments": self._api_comments,
            f"/api/users/{CODE}/contents/webtoons/ratings": self._api_ratings,
        }
        self._documents = [(re.compile(path), route) for path, route in documents.items()]
        self._api = [(re.compile(path), route) for path, route in api.items()]

    def answer(self, target: str, headers: Mapping[str, str], fault: Fault | None) -> Answer:
        """The answer to GET `target`; `fault` is none, a stall or a wall."""
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        with self.world.lock:
            if parts.path.startswith("/api/"):
                if not all(headers.get(name) for name in CLIENT):
                    return as_json({"code": "not_allowed_client", "message": ""}, 403)
                return self._routed(self._api, parts.path, query, fault)
            prefix = PREFIX.match(parts.path)
            if not prefix:
                return answers.gone("404")
            path = parts.path[prefix.end() :].rstrip("/")
            return self._routed(self._documents, path, query, fault)

    def is_document(self, target: str) -> bool:
        return PREFIX.match(urlsplit(target).path) is not None

    def _routed(self, routes: list, path: str, query: Query, fault: Fault | None) -> Answer:
        for pattern, route in routes:
            match = pattern.fullmatch(path)
            if match:
                code = match[1] if match.groups() else ""
                return route(code, query, fault)
        return answers.gone("404")

    def _pages(self) -> Pages:
        return Pages(self.world, self._markup())

    # Documents

    def _search(self, _: str, query: Query, fault: Fault | None) -> Answer:
        asked = query.get("query", "")
        wanted = _plain(asked)
        found = [
            work
            for work in self.world.watcha.values()
            if work.searchable and not work.removed and wanted and wanted in _plain(work.title)
        ]
        # The best hit first: the nine that are shown always have it.
        found.sort(key=lambda work: (_plain(work.title) != wanted, len(work.title), work.code))
        works = found[:PAGE] if query.get("domain", "webtoons") == "webtoons" else []
        return html(self._pages().search(asked, works))

    def _work(self, code: str, query: Query, fault: Fault | None) -> Answer:
        work = self.world.watcha.get(code)
        if not work or work.removed:
            return _missing(work)
        return html(self._pages().work(work, comments_of(self.world, work, "popular")))

    def _comments(self, code: str, query: Query, fault: Fault | None) -> Answer:
        work = self.world.watcha.get(code)
        if not work or work.removed:
            return _missing(work)
        listing = comments_of(self.world, work, _order(query, "popular"), _limit(fault))
        return html(self._pages().comments(work, listing, _walled(fault)))

    def _user(self, code: str, query: Query, fault: Fault | None) -> Answer:
        user = self.world.users.get(code)
        if not user or user.removed:
            return _missing(user)
        return html(self._pages().user(user))

    def _ratings(self, code: str, query: Query, fault: Fault | None) -> Answer:
        user = self.world.users.get(code)
        if not user or user.removed:
            return _missing(user)
        listing = ratings_of(self.world, user, _order(query, "recent"), _limit(fault))
        return html(self._pages().ratings(user, listing, _walled(fault)))

    def _comment(self, code: str, query: Query, fault: Fault | None) -> Answer:
        found = next((said for said in self.world.comments if said.code == code), None)
        if not found or not self.world.user(found.user) or not self.world.work(found.work):
            return answers.gone("404")
        return html(self._pages().comment(found))

    def _other(self, code: str, query: Query, fault: Fault | None) -> Answer:
        return html(self._pages().other("평가소"))

    # API

    def _api_work(self, code: str, query: Query, fault: Fault | None) -> Answer:
        work = self.world.work(code)
        return _enveloped(_content(work)) if work else _no_such()

    def _api_comments(self, code: str, query: Query, fault: Fault | None) -> Answer:
        work = self.world.work(code)
        if not work:
            return _no_such()
        listing = comments_of(self.world, work, _order(query, "recent"), _limit(fault))
        return self._api_page(listing, query, fault, self._said)

    def _api_ratings(self, code: str, query: Query, fault: Fault | None) -> Answer:
        user = self.world.user(code)
        if not user:
            return _no_such()
        if user.private:
            return as_json({"code": "private_user", "message": ""}, 403)
        if user.walled and query.get("page", "1") != "1":
            return as_json({"code": "unauthorized", "message": "로그인이 필요해요"}, 401)
        listing = ratings_of(self.world, user, _order(query, "recent"), _limit(fault))
        return self._api_page(listing, query, fault, self._rated)

    def _api_page(
        self, listing: Listing, query: Query, fault: Fault | None, shape: Callable
    ) -> Answer:
        if _walled(fault):
            return as_json({"code": "unauthorized", "message": "로그인이 필요해요"}, 401)
        wanted = query.get("page", "1")
        number = int(wanted) if wanted.isdecimal() else 0
        if number < 1 or (number > 1 and query.get("cursor") != listing.cursor(number)):
            return _no_such()
        rows = [shape(item) for item in listing.page(number)]
        return _enveloped({"prev_uri": None, "next_uri": listing.next_uri(number), "result": rows})

    def _rated(self, row: Row) -> dict[str, object]:
        work = self.world.watcha[row.work]
        return {"user_content_action": _action(row), "content": _content(work)}

    def _said(self, comment: Comment) -> dict[str, object]:
        user = self.world.users[comment.user]
        row = user.row(comment.work)
        if row and row.mark == "rated" and not comment.starred:
            row = None
        return {
            "code": comment.code,
            "content_code": comment.work,
            "text": comment.text,
            "likes_count": comment.likes,
            "spoiler": False,
            "user": {"code": user.code, "name": user.nickname},
            "user_content_action": _action(row),
        }


def _action(row: Row | None) -> dict[str, object] | None:
    if row is None or row.mark == "null":
        return None
    return {"rating": row.value, "status": "wish" if row.mark == "wish" else None}


def _content(work: WatchaWork) -> dict[str, object]:
    return {
        "code": work.code,
        "content_type": "webtoons",
        "title": work.title,
        "year": work.year,
        "poster": None,
    }


def _enveloped(result: object) -> Answer:
    return as_json({"metadata": {"request_id": "replica"}, "result": result})


def _no_such() -> Answer:
    return as_json({"code": "not_found", "message": ""}, 404)


def _missing(thing: WatchaWork | User | None) -> Answer:
    return answers.gone(thing.removed if thing and thing.removed else "404")


def _order(query: Query, default: str) -> str:
    order = query.get("order", default)
    return order if order in {"recent", "popular"} else default


def _limit(fault: Fault | None) -> int | None:
    return int(str(fault.options["rows"])) if fault and fault.name == "stall" else None


def _walled(fault: Fault | None) -> bool:
    return fault is not None and fault.name == "wall"


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFC", text).casefold().split())
