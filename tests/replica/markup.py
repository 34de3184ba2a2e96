"""How a page of each generation is marked up: class names, words, rows.

A row is a template in which {title}, {href}, … and {mark} are filled in; the page's own script
fills the same templates, so that rows loaded later look like the first nine.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2s
from html import escape

from tests.replica.model import Row

ROW_HEIGHT = 160  # nine of them are higher than a window
KOREAN = {
    "lang": "ko",
    "rated_list": "평가한 웹툰",
    "comments": "코멘트",
    "rated": "평가함 ",
    "wish": "보고싶어요",
    "loading": "불러오는 중…",
    "wall": "로그인이 필요해요",
    "login": "로그인",
    "private": "비공개 프로필이에요",
    "nothing": "검색 결과가 없어요",
    "where": "감상 가능한 곳",
    "empty": "아직 평가한 작품이 없어요",
    "likes": "좋아요",
    "average": "평균",
    "count": "평가 {number}명",
}
ENGLISH = {
    "lang": "en",
    "rated_list": "Rated webtoons",
    "comments": "Comments",
    "rated": "Rated ",
    "wish": "Want to read",
    "loading": "Loading…",
    "wall": "Please log in to see more",
    "login": "Log in",
    "private": "This profile is private",
    "nothing": "No results found",
    "where": "Where to read",
    "empty": "No ratings yet",
    "likes": "Likes",
    "average": "Average",
    "count": "{number} ratings",
}
# A star that only eyes can read: how many are filled is the width of the upper layer.
ICON = (
    '<div class="{c}"><div class="{c}b"><svg viewBox="0 0 60 12" width="60"><path '
    'd="M0 0h60v12H0z"></path></svg></div><div class="{c}f" style="width:{percent}%"><svg '
    'viewBox="0 0 60 12" width="60"><path d="M0 0h60v12H0z"></path></svg></div></div>'
)

RATING_ROWS = {
    1: '<li class="{item}" style="{style}"><a class="{link}" title="{title}" href="{href}">'
    '<div class="{poster}"></div><div class="{info}"><div class="{name}">{title}</div>'
    '<div class="{star}">{mark}</div></div></a></li>',
    2: '<div class="{item}" style="{style}"><div class="{box}"><a class="{link}" title="{title}" '
    'href="{href}"><div class="{poster}"></div></a></div><div class="{info}"><p class="{name}">'
    '{title}</p><div class="{star}">{mark}</div></div></div>',
    3: '<article class="{item}" style="{style}"><a class="{link}" title="{title}" href="{href}">'
    '<span class="{poster}"></span></a><h3 class="{name}">{title}</h3><p class="{star}">{mark}</p>'
    "</article>",
    4: '<div class="{item}" style="{style}"><a class="{link}" title="{title}" href="{href}">'
    '<div class="{poster}"></div><div class="{name}">{title}</div></a><div class="{star}">{mark}'
    "</div></div>",
}
RATING_ROWS[5] = RATING_ROWS[1]

COMMENT_ROWS = {
    1: '<li class="{item}" style="{style}"><div class="{info}"><a class="{link}" title="{nickname}"'
    ' href="{user}"><div class="{poster}"></div><div class="{name}">{nickname}</div></a>'
    '<div class="{star}">{mark}</div></div><div class="{box}"><a href="{href}"><div class="{text}">'
    '{body}</div></a></div><div class="{likes}">{likes_word} {likes_number}</div></li>',
    2: '<div class="{item}" style="{style}"><div class="{box}"><a class="{link}" '
    'title="{nickname}" href="{user}"><div class="{poster}"></div></a><a title="{nickname}" '
    'href="{user}">{nickname}</a></div><a class="{text}" href="{href}">{body}</a>'
    '<div class="{star}">{mark}</div><em class="{likes}">{likes_number}</em></div>',
    3: '<article class="{item}" style="{style}"><header class="{info}"><a class="{link}" '
    'title="{nickname}" href="{user}">{nickname}</a></header><p class="{star}">{mark}</p>'
    '<a class="{text}" href="{href}"><span>{body}</span></a><footer class="{likes}">{likes_word} '
    "{likes_number}</footer></article>",
    4: '<div class="{item}" style="{style}"><a class="{link}" title="{nickname}" href="{user}">'
    '<div class="{name}">{nickname}</div></a><div class="{star}">{mark}</div><a class="{text}" '
    'href="{href}">{body}</a><div class="{likes}">{likes_word} {likes_number}</div></div>',
}
COMMENT_ROWS[5] = COMMENT_ROWS[1]


@dataclass(frozen=True, slots=True)
class Markup:
    """One generation, as deployed by one seed."""

    seed: int
    generation: int
    icons: bool = False

    @property
    def words(self) -> dict[str, str]:
        return ENGLISH if self.generation == 5 else KOREAN

    @property
    def virtual(self) -> bool:
        """Whether only the rows near the window are in the document."""
        return self.generation == 4

    def css(self, name: str) -> str:
        """The class that an element of that name has in this deployment."""
        digest = blake2s(f"{self.seed} {self.generation} {name}".encode()).hexdigest()
        match self.generation:
            case 1 | 5:
                return f"css-{int(digest[:9], 16):x}"[:10]
            case 3:
                return f"_{name}_{digest[:5]}_{int(digest[5:7], 16)}"
            case _:
                return _opaque(digest)

    def rating_row(self) -> str:
        return self._with_classes(RATING_ROWS[self.generation])

    def comment_row(self) -> str:
        row = self._with_classes(COMMENT_ROWS[self.generation])
        return row.replace("{likes_word}", self.words["likes"])

    def star(self, prefix: str = "") -> str:
        """The template of a star: {stars} in words, or {percent} of an icon."""
        if self.icons:
            return ICON.replace("{c}", self.css("icon"))
        if self.generation == 2:
            return "<span>★</span><span>{stars}</span>"
        return f"{prefix}★ {{stars}}"

    def marks(self, prefixed: bool) -> dict[str, str]:
        """What stands where the star may be, by what the row is."""
        star = self.star(self.words["rated"] if prefixed else "")
        return {"rated": star, "wish": self.words["wish"], "zero": "", "null": ""}

    def mark(self, row: Row | None, prefixed: bool) -> str:
        """The mark of a server-rendered row."""
        if row is None:
            return ""
        mark = self.marks(prefixed)[row.mark]
        if row.mark == "rated" and row.value:
            mark = mark.replace("{stars}", self.stars(row.value))
            mark = mark.replace("{percent}", str(row.value * 10))
        return mark

    def stars(self, half_stars: int) -> str:
        if self.generation == 3 and half_stars % 2 == 0:
            return str(half_stars // 2)
        return f"{half_stars / 2:.1f}"

    def heading(self, word: str, number: int) -> str:
        """A list's heading, with the number of rows that it declares."""
        name, shown = self.words[word], f"{number:,}"
        if self.generation == 2:
            shown = f"<span>{shown}</span>"
        return f'<h2 class="{self.css("heading")}">{name} {shown}</h2>'

    def _with_classes(self, template: str) -> str:
        names = ("item", "link", "poster", "info", "name", "star", "box", "text", "likes")
        for name in names:
            template = template.replace(f'class="{{{name}}}"', f'class="{self.css(name)}"')
        return template


def fill(template: str, values: dict[str, str], safe: Callable[[str], bool]) -> str:
    """`template` with each {name} replaced; values are escaped unless their name is `safe`."""
    out, rest = [], template
    while "{" in rest:
        before, _, rest = rest.partition("{")
        name, _, rest = rest.partition("}")
        value = values.get(name, "")
        out += [before, value if safe(name) else escape(value)]
    return "".join([*out, rest])


def _opaque(digest: str) -> str:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    found = [letters[int(digest[place : place + 2], 16) % 52] for place in range(0, 16, 2)]
    found[3] = str(int(digest[16], 16) % 10)
    return "".join(found)
