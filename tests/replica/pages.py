"""The documents of Watcha Pedia, in the markup of one generation."""

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from tests.replica.catalogue import KAKAO, NAVER, OUTLINK
from tests.replica.listing import Listing
from tests.replica.markup import ROW_HEIGHT, Markup, fill
from tests.replica.model import Comment, Row, User, WatchaWork
from tests.replica.world import World

SCRIPT = Path(__file__).with_name("page.js").read_text(encoding="utf-8")
STYLE = (
    "body{margin:0;font:16px sans-serif;overflow-anchor:none}header{height:60px}"
    "ul{list-style:none;margin:0;padding:0}li,article{overflow:hidden;box-sizing:border-box}"
)
MARKED_UP = {"mark", "style"}
SAMPLES = 3


class Pages:
    """Makes documents of what the world holds at that moment."""

    def __init__(self, world: World, markup: Markup) -> None:
        self.world, self.markup, self.words = world, markup, markup.words

    # Documents

    def search(self, query: str, works: Sequence[WatchaWork]) -> str:
        tabs = "".join(
            f'<a href="/ko-KR/search?query={escape(query)}&amp;domain={domain}">{domain}</a>'
            for domain in ("movies", "tv", "books", "webtoons")
        )
        css = self.markup.css
        found = "".join(
            f'<li class="{css("hit")}"><a title="{escape(work.title)}" '
            f'href="/ko-KR/contents/{work.code}"><div class="{css("poster")}"></div>'
            f'<div class="{css("name")}">{escape(work.title)}</div>'
            f'<div class="{css("info")}">{work.year}</div></a></li>'
            for work in works
        )
        found = f"<ul>{found}</ul>" if found else f"<p>{self.words['nothing']}</p>"
        return self._document(f"{query} | 검색", f"<nav>{tabs}</nav>{found}")

    def work(self, work: WatchaWork, comments: Listing[Comment]) -> str:
        css, words = self.markup.css, self.words
        authors = "".join(
            f'<li><a title="{escape(name)}" href="/ko-KR/people/{code}">'
            f'<div class="{css("poster")}"></div><div>{escape(name)}</div></a></li>'
            for name, code in work.authors
        )
        average = "" if self.markup.icons else f"<span>{words['average']} ★ 3.6</span>"
        number = words["count"].format(number=f"{1000 + comments.declared * 13:,}")
        samples = "".join(
            self.comment_row(comment, place)
            for place, comment in enumerate(comments.items[:SAMPLES])
        )
        body = (
            f"<h1>{escape(work.title)}</h1><div>{work.year} · 웹툰</div>"
            f"<h2>{number}</h2><div>{average}</div><ul>{authors}</ul>{self._where(work)}"
            f'<section><h2>{words["comments"]}</h2><a title="{words["comments"]}" '
            f'href="/ko-KR/contents/{work.code}/comments?order=popular">더보기</a>{samples}'
            "</section>"
        )
        return self._document(work.title, body)

    def comments(self, work: WatchaWork, comments: Listing[Comment], walled: bool) -> str:
        rows = [self.comment_row(comment, place) for place, comment in enumerate(comments.page(1))]
        setup = {"row": self.markup.comment_row(), "marks": self.markup.marks(prefixed=False)}
        top = (
            f'<a title="{escape(work.title)}" href="/ko-KR/contents/{work.code}">←</a>'
            f"{self.markup.heading('comments', comments.declared)}"
        )
        return self._with_list(work.title, top, rows, comments, setup=setup, walled=walled)

    def user(self, user: User) -> str:
        body = f"<h1>{escape(user.nickname)}</h1>" + self._user_tabs(user)
        if user.private:
            body += f"<p>{self.words['private']}</p>"
        return self._document(user.nickname, body)

    def ratings(self, user: User, ratings: Listing[Row], walled: bool) -> str:
        top = f"<h1>{escape(user.nickname)}</h1>" + self._user_tabs(user)
        if user.private:
            return self._document(user.nickname, f"{top}<p>{self.words['private']}</p>")
        rows = [self.rating_row(row, place) for place, row in enumerate(ratings.page(1))]
        setup = {"row": self.markup.rating_row(), "marks": self.markup.marks(prefixed=True)}
        top += self.markup.heading("rated_list", ratings.declared)
        if not rows:
            top += f"<p>{self.words['empty']}</p>"
        return self._with_list(user.nickname, top, rows, ratings, setup=setup, walled=walled)

    def comment(self, comment: Comment) -> str:
        return self._document(self.words["comments"], self.comment_row(comment, 0))

    def other(self, title: str) -> str:
        """A page that nobody needs."""
        return self._document(title, f"<h1>{escape(title)}</h1>")

    # Parts

    def rating_row(self, row: Row, place: int) -> str:
        work = self.world.watcha[row.work]
        values = {
            "title": work.title,
            "href": f"/ko-KR/contents/{work.code}",
            "mark": self.markup.mark(row, prefixed=True),
            "style": self._style(place),
        }
        return fill(self.markup.rating_row(), values, MARKED_UP.__contains__)

    def comment_row(self, comment: Comment, place: int) -> str:
        user = self.world.users[comment.user]
        row = user.row(comment.work)
        if row and row.mark == "rated" and not comment.starred:
            row = None
        values = {
            "nickname": user.nickname,
            "user": f"/ko-KR/users/{user.code}",
            "body": comment.text,
            "href": f"/ko-KR/comments/{comment.code}",
            "likes_number": str(comment.likes),
            "mark": self.markup.mark(row, prefixed=False),
            "style": self._style(place),
        }
        return fill(self.markup.comment_row(), values, MARKED_UP.__contains__)

    def _with_list(
        self,
        title: str,
        top: str,
        rows: list[str],
        listing: Listing[Any],
        *,
        setup: dict[str, object],
        walled: bool,
    ) -> str:
        """A document with a list whose first rows are there and whose loader gets the rest."""
        markup, css = self.markup, self.markup.css
        identity, loader_id = css("list"), css("loader")
        after = listing.next_uri(1)
        wall = f'<div class="{css("wall")}"><p>{self.words["wall"]}</p>' + (
            f'<a href="/ko-KR/sign_in">{self.words["login"]}</a></div>'
        )
        loader = f'<div id="{loader_id}" class="{css("loader")}">{self.words["loading"]}</div>'
        if markup.generation in {1, 5}:
            loader = loader.replace("<div ", "<li ").replace("</div>", "</li>")
        if walled:
            last, after = wall, None
        else:
            last = loader if after else ""
        if markup.virtual:
            height = len(rows) * ROW_HEIGHT
            shown = (
                f'<div class="{css("frame")}"><div id="{identity}" style="position:relative;'
                f'height:{height}px">{"".join(rows)}</div>{last}</div>'
            )
        else:
            tag = "ul" if markup.generation in {1, 5} else "div"
            shown = f'<{tag} id="{identity}" class="{css("list")}">{"".join(rows)}{last}</{tag}>'
        setup |= {
            "list": identity,
            "loader": loader_id,
            "next": after,
            "wall": wall,
            "virtual": markup.virtual,
            "height": ROW_HEIGHT,
            "whole": markup.generation == 3,
            "rows": rows if markup.virtual else [],
        }
        return self._document(title, top + shown, setup)

    def _style(self, place: int) -> str:
        if not self.markup.virtual:
            return f"height:{ROW_HEIGHT}px"
        top = place * ROW_HEIGHT
        return f"position:absolute;left:0;right:0;top:{top}px;height:{ROW_HEIGHT}px"

    def _where(self, work: WatchaWork) -> str:
        if not work.platforms and not work.outlinks:
            return ""
        names = "".join(f"<span>{escape(name)}</span> " for name in work.platforms)
        links = "".join(
            f'<a href="{escape(link)}" target="_blank" rel="noopener">'
            f"{NAVER if link.startswith(OUTLINK) else KAKAO}</a>"
            for link in work.outlinks
        )
        return f"<section><h3>{self.words['where']}</h3><div>{names}</div>{links}</section>"

    def _user_tabs(self, user: User) -> str:
        home = f"/ko-KR/users/{user.code}"
        return (
            f'<nav><a title="{escape(user.nickname)}" href="{home}">{escape(user.nickname)}</a>'
            f'<a title="웹툰" href="{home}/contents/webtoons">웹툰</a>'
            f'<a title="{self.words["rated_list"]}" href="{home}/contents/webtoons/ratings">'
            f"{self.words['rated_list']}</a>"
            f'<a title="{self.words["wish"]}" href="{home}/contents/webtoons/wishes">'
            f"{self.words['wish']}</a>"
            f'<a href="{home}/comments">{self.words["comments"]}</a></nav>'
        )

    def _document(self, title: str, body: str, setup: dict[str, object] | None = None) -> str:
        name, css = escape(title), self.markup.css
        script = ""
        if setup:
            data = json.dumps(setup, ensure_ascii=False).replace("<", "\\u003c")
            script = (
                f'<script type="application/json" id="list-setup">{data}</script>'
                f"<script>{SCRIPT}</script>"
            )
        return (
            f'<!doctype html><html lang="{self.words["lang"]}"><head><meta charset="utf-8">'
            f'<title>{name} - 평가소</title><meta property="og:title" content="{name}">'
            '<meta property="og:site_name" content="평가소"><link rel="icon" href="data:,">'
            f'<style>{STYLE}</style></head><body><header class="{css("header")}">'
            '<a title="홈" href="/ko-KR">홈</a>'
            '<a title="웹툰" href="/ko-KR/contents/webtoons">웹툰</a>'
            '<a title="책" href="/ko-KR/contents/books">책</a>'
            '<a title="나" href="/ko-KR/users/me">나</a>'
            f'<a href="/ko-KR/comments/best">{self.words["comments"]}</a>'
            f'<button>{self.words["login"]}</button></header><main class="{css("main")}">{body}'
            '</main><footer><a title="공지" href="/ko-KR/contents/notices">공지</a></footer>'
            f"{script}</body></html>"
        )
