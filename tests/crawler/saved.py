"""Pages as a browser hands them over, made by the replica without a server or a browser.

Run `python -m tests.crawler.saved PATH` to see one: PATH is, for instance,
/ko-KR/users/aB3dE6g/contents/webtoons/ratings.
"""

import sys

from selectolax.lexbor import LexborHTMLParser

from crawler.fetching import Answer
from tests.replica.markup import Markup
from tests.replica.naver import Naver
from tests.replica.watcha import Watcha
from tests.replica.world import World

SITE = "http://127.0.0.1:8000"
HEADING = "<h2>평가한 웹툰 {}</h2>"
# What crawler.browser leaves out of a page.
LEFT_OUT = "script, style, noscript, link, svg"


class Saved:
    """The pages of one world, in one generation of markup."""

    def __init__(self, world, generation=1, icons=False):
        self.world = world
        self._watcha = Watcha(world, lambda: Markup(world.seed, generation, icons))
        self._naver = Naver(world)
        self._naver.base = SITE

    def watcha(self, path):
        answer = self._watcha.answer(path, {}, None)
        return Answer(SITE + path, answer.status, shown(answer.body.decode()))

    def user(self, code):
        return self.watcha(f"/ko-KR/users/{code}/contents/webtoons/ratings")

    def comments(self, code):
        return self.watcha(f"/ko-KR/contents/{code}/comments?order=recent")

    def naver(self, path):
        answer = self._naver.answer(path, {})
        return Answer(SITE + path, answer.status, answer.body.decode())


def shown(html):
    """A document without what a browser's fetcher leaves out of it."""
    tree = LexborHTMLParser(html)
    for node in tree.css(LEFT_OUT):
        node.decompose()
    return tree.html


def page(main, head="", around=""):
    """A small document, written by hand."""
    return Answer(
        f"{SITE}/a",
        200,
        f"<html><head>{head}</head><body>{around}<main>{main}</main></body></html>",
    )


def link(code, title="어떤 웹툰", inside=""):
    """A link to a work."""
    return f'<a title="{title}" href="/ko-KR/contents/{code}">{inside}</a>'


def rating(code, stars, title="어떤 웹툰"):
    """A row of somebody's list."""
    return f"<li>{link(code, title, f'<div>{title}</div>')}<div>{stars}</div></li>"


def comment(code, user, *, name="어떤 사람", stars="", body="좋아요"):
    """A row of a work's comments."""
    return (
        f'<li><a title="{name}" href="/ko-KR/users/{user}">{name}</a><div>{stars}</div>'
        f'<a href="/ko-KR/comments/{code}">{body}</a><em>12</em></li>'
    )


def stars_of(found):
    """The half-stars of each row."""
    return {code: row.half_stars for code, row in found.rows.items()}


if __name__ == "__main__":
    print(Saved(World(1, 30, 40)).watcha(sys.argv[1]).text)
