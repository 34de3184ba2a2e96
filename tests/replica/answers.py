"""What a site answers: a status, a body, and how it is delivered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `hang_seconds` sends nothing and closes, `drop` closes half-way."""

    body: bytes = b""
    status: int = 200
    content_type: str = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    hang_seconds: float | None = None
    drop: bool = False


def html(text: str, status: int = 200) -> Answer:
    return Answer(text.encode(), status)


def plain(text: str, status: int = 200) -> Answer:
    return Answer(text.encode(), status, "text/plain; charset=utf-8")


def as_json(value: object, status: int = 200) -> Answer:
    body = json.dumps(value, ensure_ascii=False).encode()
    return Answer(body, status, "application/json; charset=utf-8")


def moved(to: str) -> Answer:
    return Answer(status=302, headers={"location": to})


def message(title: str, text: str, status: int = 200) -> Answer:
    """A page that says one thing."""
    return html(
        f'<!doctype html><html lang="ko"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<link rel="icon" href="data:,"></head><body><main><p>{escape(text)}</p></main></body>'
        "</html>",
        status,
    )


def login_page() -> Answer:
    """What Naver shows instead of an adult work, with a status that says all is well."""
    return html(
        '<!doctype html><html lang="ko"><head><meta charset="utf-8"><title>네이버 : 로그인</title>'
        '<meta property="og:title" content="네이버"><link rel="icon" href="data:,"></head><body>'
        '<form id="frmNIDLogin" action="/nidlogin.login" method="post"><input name="id">'
        '<input name="pw" type="password"><button>로그인</button></form></body></html>'
    )


def captcha() -> Answer:
    return html(
        '<!doctype html><html lang="ko"><head><meta charset="utf-8"><title>잠시만요</title>'
        '<link rel="icon" href="data:,"></head><body><h1>자동 입력 방지</h1>'
        '<form id="challenge-form" action="/challenge" method="post"><input name="answer">'
        "<button>확인</button></form></body></html>"
    )


def gone(how: str) -> Answer:
    """The page of something that is no more: 404, 410, or 200 and a sentence."""
    if how == "deleted":
        return message("삭제된 콘텐츠", "삭제된 콘텐츠예요")
    return message("페이지를 찾을 수 없어요", "페이지를 찾을 수 없어요", int(how))
