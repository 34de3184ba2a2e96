"""The commands readers may give: one table for every platform's menu, help and parser."""

from dataclasses import dataclass
from enum import Enum, auto


class Takes(Enum):
    """What may follow a command."""

    NOTHING = auto()
    TITLE = auto()
    FILTER = auto()
    LANGUAGE = auto()
    DIAL = auto()
    ALERTS = auto()
    CODE = auto()
    LIST = auto()  # of works: as many words and lines as a message holds


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One command: latin name, Korean name, what may follow, and whether menus show it.

    `needs` says that the argument must be there. What it does, in a reader's language, is the
    text "command.<name>".
    """

    name: str
    korean: str
    takes: Takes = Takes.NOTHING
    needs: bool = False
    menu: bool = False


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec("start", "시작"),
    CommandSpec("recommend", "추천", Takes.FILTER, menu=True),
    CommandSpec("search", "검색", Takes.TITLE, needs=True, menu=True),
    CommandSpec("like", "좋아요", Takes.TITLE, needs=True, menu=True),
    CommandSpec("dislike", "별로예요", Takes.TITLE, needs=True, menu=True),
    CommandSpec("unlike", "취소", Takes.TITLE, needs=True),
    CommandSpec("read", "읽었어요", Takes.TITLE, needs=True),
    CommandSpec("similar", "비슷한작품", Takes.TITLE, needs=True, menu=True),
    CommandSpec("together", "같이"),
    CommandSpec("why", "이유", Takes.TITLE),
    CommandSpec("taste", "취향"),
    CommandSpec("list", "목록", menu=True),
    CommandSpec("follow", "관심", Takes.TITLE, needs=True),
    CommandSpec("unfollow", "관심해제", Takes.TITLE, needs=True),
    CommandSpec("following", "관심목록"),
    CommandSpec("alerts", "알림", Takes.ALERTS),
    CommandSpec("settings", "설정", menu=True),
    CommandSpec("language", "언어", Takes.LANGUAGE),
    CommandSpec("dial", "다이얼", Takes.DIAL),
    CommandSpec("link", "연결", Takes.CODE),
    CommandSpec("privacy", "개인정보"),
    CommandSpec("import", "가져오기", Takes.LIST),
    CommandSpec("export", "내보내기"),
    CommandSpec("forget", "잊어줘"),
    CommandSpec("help", "도움말", menu=True),
)

# Answers those who run the bots; to everybody else there is no such command.
OPS = CommandSpec("ops", "운영")

BY_NAME: dict[str, CommandSpec] = {
    name: spec for spec in COMMANDS for name in (spec.name, spec.korean)
}
