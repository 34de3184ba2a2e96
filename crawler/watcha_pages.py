"""What a page of Watcha Pedia says, whatever its markup: by links and star texts, never by classes.

Class names are hashed and change every few months; the shape of links and the text "★ 4.5" do not.
A row is the largest part of a page that is about one work, or about one comment.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler import fields
from crawler.errors import Drift, Gone, LoginRequired
from crawler.fetching import Answer
from crawler.politeness import Garbled
from crawler.source import ForeignItem

_PLACE = r"^(?:https?://[^/?#]+)?(?:/[a-z]{2}(?:-[A-Z]{2})?)?"
_CONTENT = re.compile(_PLACE + r"/contents/([A-Za-z0-9]{7})/?(?:[?#].*)?$")
_USER = re.compile(_PLACE + r"/users/([A-Za-z0-9]+)/?(?:[?#].*)?$")
_COMMENT = re.compile(_PLACE + r"/comments/([A-Za-z0-9]+)/?(?:[?#].*)?$")
# Tabs and menus have links of the same shape.
_RESERVED = {"webtoons", "movies", "books", "tv_seasons", "me", "best", "popular", "recent"}
_STARS = re.compile(r"★\s*(5(?:\.0)?|[0-4](?:\.[05])?)(?!\d|\s*\.|,\d)")
_NO_STARS = re.compile(r"★\s*(?:0(?:\.0)?(?![\d.,])|[-–—])")
_NOT_RATED = re.compile(
    r"보고\s?싶어요|보는\s?중|관심\s?없어요|Want to|Wish|Watching|Not interested"
)
_DECLARED = re.compile(
    r"^(?:평가한 웹툰|평가|코멘트|Rated webtoons|Ratings|Comments)\D{0,3}(\d[\d,]*)$"
)
_NAVER = re.compile(r"^https?://(?:m\.)?comic\.naver\.com/webtoon/(?:list|detail)\?.*titleId=(\d+)")
_PLATFORMS = {
    "네이버웹툰": "naver",
    "네이버 웹툰": "naver",
    "카카오웹툰": "kakao",
    "카카오 웹툰": "kakao",
    "카카오페이지": "kakaopage",
    "다음웹툰": "daum",
    "레진코믹스": "lezhin",
    "리디": "ridi",
}
_YEAR = re.compile(r"(?<![\d,])(?:19|20)\d\d(?![\d,])")
_ROWS = 'a[title][href*="/contents/"], a[href*="/comments/"]'
_NO_RESULT = ("검색 결과가 없", "No results")
_DELETED = ("삭제된 콘텐츠", "존재하지 않는 페이지")
_PRIVATE = ("비공개 프로필", "비공개 계정", "profile is private", "private profile")


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list: its work or user, and half-stars 1..10, None where it is not rated.

    `understood`: it has no stars that cannot be read. `told`: it has stars, or says that it has
    none; a row that says nothing may be either.
    """

    code: str
    title: str
    half_stars: int | None
    understood: bool = True
    told: bool = True


@dataclass(frozen=True, slots=True)
class ListPage:
    """As much of a list as the page shows, by a key that is one row's own.

    `declared` is how many rows there are in all, says the page. `wall`: the rest wants a login.
    `asked`: scrolling had made the page ask for more.
    """

    rows: Mapping[str, Row] = field(default_factory=dict)
    declared: int | None = None
    wall: bool = False
    asked: bool = True


def ratings(answer: Answer) -> ListPage:
    """A user's list of ratings, by the works' codes.

    Raises Garbled, Gone, LoginRequired for a private profile, and Drift.
    """
    tree = _tree(answer)
    rows = {}
    for code, anchor, part in _parts(tree, 'a[title][href*="/contents/"]', _CONTENT):
        title = anchor.attributes.get("title") or ""
        text = part.text(separator=" ")
        if "★" in title:  # these are not somebody's
            text = text.replace(title, " ")
        stars = _half_stars(text)
        said = stars is not None or _NO_STARS.search(text) or _NOT_RATED.search(text)
        strange = not said and re.search("[★☆]", text) is not None
        rows[code] = Row(code, fields.text(title), stars, understood=not strange, told=bool(said))
    page = _list(tree, rows, answer)
    untold = sum(not row.told for row in rows.values())
    if untold * 2 > len(rows):
        raise Drift(f"{untold} of {len(rows)} rows have no stars that can be read")
    return page


def comments(answer: Answer) -> ListPage:
    """A work's comments, by the comments' codes; each row is a user and their stars.

    Raises Garbled, Gone and Drift. What somebody wrote is not read.
    """
    tree = _tree(answer)
    rows = {}
    for code, _, part in _parts(tree, 'a[href*="/comments/"]', _COMMENT):
        user = _first(part.css('a[href*="/users/"]'), _USER)
        if user is None:
            continue
        # Names, too, are what somebody made up.
        written = {node.mem_id for node in part.css('a[href*="/comments/"], a[href*="/users/"]')}
        rows[code] = Row(user, "", _half_stars(_text_outside(part, written)))
    return _list(tree, rows, answer)


def results(answer: Answer) -> list[tuple[str, str]]:
    """(code, title) of the works that a search found. Raises Garbled and Drift."""
    tree = _tree(answer)
    found = {
        code: fields.text(anchor.attributes.get("title") or "")
        for code, anchor, _ in _parts(tree, 'a[title][href*="/contents/"]', _CONTENT)
    }
    if not found and not _says(tree, _NO_RESULT):
        raise Drift("a search shows neither works nor that there are none")
    return list(found.items())


def work(answer: Answer, code: str) -> ForeignItem:
    """What the page of a work says of it. Raises Garbled, Gone and Drift."""
    tree = _tree(answer)
    heading = tree.css_first("h1")
    title = fields.text(heading.text() if heading else _meta(tree, "og:title"))
    if not title:
        raise Drift("the page of a work has no title")
    # Comments may speak of any platform.
    for _, _, part in list(_parts(tree, 'a[href*="/comments/"]', _COMMENT)):
        if part.css_first('a[href*="/users/"]') is not None:
            part.decompose()
    text = _body(tree).text(separator=" ")
    year = _YEAR.search(text.replace(title, " "))
    links = (_NAVER.match(node.attributes.get("href") or "") for node in tree.css("a[href]"))
    return ForeignItem(
        code=code,
        title=title,
        year=int(year.group()) if year else None,
        authors=_names(tree.css('a[href*="/people/"]')),
        platforms=tuple(dict.fromkeys(p for name, p in _PLATFORMS.items() if name in text)),
        outlinks=tuple(dict.fromkeys(f"naver:{link.group(1)}" for link in links if link)),
        read=True,
    )


def _tree(answer: Answer) -> LexborHTMLParser:
    tree = LexborHTMLParser(answer.text)
    body = tree.body
    if body is None or not body.text(strip=True):
        message = "the page is empty"
        raise Garbled(message)
    if _body(tree).css_first(_ROWS):
        return tree
    # Where there are rows, somebody may quote these words, and a way to log in is not all.
    if _says(tree, _DELETED):
        message = "the page says that this was deleted"
        raise Gone(message)
    if tree.css_first('input[type="password"]'):
        message = "a page to log in came in its place"
        raise LoginRequired(message)
    return tree


def _list(tree: LexborHTMLParser, rows: Mapping[str, Row], answer: Answer) -> ListPage:
    declared = _declared(tree)
    wall = any(not _in_menu(node) for node in tree.css('a[href*="/sign_in"]'))
    if not rows:
        if _says(tree, _PRIVATE):
            message = "the profile is private"
            raise LoginRequired(message)
        if wall:
            message = "the list wants a login"
            raise LoginRequired(message)
        if declared is None:
            message = "the page shows no list"
            raise Garbled(message)
        if declared:
            raise Drift(f"{declared} rows are declared, and none can be read")
    return ListPage(rows, declared, wall, answer.requested)


def _parts(
    tree: LexborHTMLParser, selector: str, pattern: re.Pattern[str]
) -> Iterable[tuple[str, LexborNode, LexborNode]]:
    """(code, its first link, the largest part of the page with links to this code only)."""
    links: list[tuple[str, LexborNode]] = []
    about: dict[int, set[str]] = {}  # part -> codes
    for node in tree.css(selector):
        code = _code(node, pattern)
        if code is None:
            continue
        links.append((code, node))
        for part in _upwards(node):
            about.setdefault(part.mem_id, set()).add(code)
    # What heads a list is no row's, were it the only one.
    for node in tree.css("h1, h2, h3, h4"):
        if node.tag == "h1" or _count_in(node) is not None:
            for part in _upwards(node):
                about.setdefault(part.mem_id, set()).add("")
    done = set()
    for code, node in links:
        if code in done:
            continue
        done.add(code)
        part = node
        while (
            part.parent is not None
            and part.parent.tag not in ("main", "body", "html")
            and len(about[part.parent.mem_id]) == 1
        ):
            part = part.parent
        yield code, node, part


def _upwards(node: LexborNode) -> Iterable[LexborNode]:
    """A node and all that it is in."""
    up: LexborNode | None = node
    while up is not None:
        yield up
        up = up.parent


def _code(node: LexborNode, pattern: re.Pattern[str]) -> str | None:
    match = pattern.match(node.attributes.get("href") or "")
    if match is None or match.group(1) in _RESERVED or _in_menu(node):
        return None
    return match.group(1)


def _first(nodes: Iterable[LexborNode], pattern: re.Pattern[str]) -> str | None:
    return next(filter(None, (_code(node, pattern) for node in nodes)), None)


def _half_stars(text: str) -> int | None:
    """1..10 from "★ 4.5"; None where there are no stars, or none were given."""
    match = _STARS.search(text)
    return (int(float(match.group(1)) * 2) or None) if match else None


def _text_outside(part: LexborNode, left_out: set[int]) -> str:
    """The text of a part without that of some of its nodes."""
    words: list[str] = []

    def gather(node: LexborNode) -> None:
        for child in node.iter(include_text=True):
            if child.mem_id in left_out:
                continue
            if child.tag == "-text":
                words.append(child.text(deep=False))
            else:
                gather(child)

    gather(part)
    return " ".join(words)


def _declared(tree: LexborHTMLParser) -> int | None:
    """The number in a list's heading; rather not of an h1, where somebody's name stands."""
    for tag in ("h2", "h3", "h4", "h1"):
        if found := [n for n in map(_count_in, tree.css(tag)) if n is not None]:
            return max(found)
    return None


def _count_in(heading: LexborNode) -> int | None:
    match = _DECLARED.match(fields.text(heading.text(separator=" ")))
    return int(match.group(1).replace(",", "")) if match else None


def _says(tree: LexborHTMLParser, sentences: Iterable[str]) -> bool:
    """Whether one of these is on the page."""
    text = _body(tree).text(separator=" ").casefold()
    return any(sentence.casefold() in text for sentence in sentences)


def _body(tree: LexborHTMLParser) -> LexborNode:
    body = tree.css_first("main") or tree.body
    assert body is not None  # noqa: S101 -- the parser makes one
    return body


def _in_menu(node: LexborNode) -> bool:
    """Whether a link belongs to the page's frame: not in the header of a row, say."""
    above = [part.tag for part in _upwards(node)]
    if "nav" in above:
        return True
    return "main" not in above and bool({"header", "footer"} & set(above))


def _names(nodes: Iterable[LexborNode]) -> tuple[str, ...]:
    names = (fields.text(node.attributes.get("title") or node.text()) for node in nodes)
    return tuple(dict.fromkeys(name for name in names if name))


def _meta(tree: LexborHTMLParser, name: str) -> str:
    node = tree.css_first(f'meta[property="{name}"]')
    return (node.attributes.get("content") or "") if node else ""


Reading = Callable[[Answer], ListPage]
