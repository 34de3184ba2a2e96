"""The commands readers may give: one table for every platform's menu, help and parser."""

from dataclasses import dataclass
from enum import Enum, StrEnum, auto


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


class Group(StrEnum):
    """What a command is about, as the help has it."""

    FIND = "find"
    TELL = "tell"
    NEWS = "news"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One command: latin name, Korean name, what it is about, what may follow, whether in menus.

    `needs` says that the argument must be there. What it does, in a reader's language, is the
    text "command.<name>".
    """

    name: str
    korean: str
    group: Group
    takes: Takes = Takes.NOTHING
    needs: bool = False
    menu: bool = False


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec("start", "시작", Group.FIND),
    CommandSpec("recommend", "추천", Group.FIND, Takes.FILTER, menu=True),
    CommandSpec("search", "검색", Group.FIND, Takes.TITLE, needs=True, menu=True),
    CommandSpec("similar", "비슷한작품", Group.FIND, Takes.TITLE, needs=True, menu=True),
    CommandSpec("together", "같이", Group.FIND),
    CommandSpec("why", "이유", Group.FIND, Takes.TITLE),
    CommandSpec("like", "좋아요", Group.TELL, Takes.TITLE, needs=True, menu=True),
    CommandSpec("dislike", "별로예요", Group.TELL, Takes.TITLE, needs=True, menu=True),
    CommandSpec("read", "읽었어요", Group.TELL, Takes.TITLE, needs=True),
    CommandSpec("unlike", "취소", Group.TELL, Takes.TITLE, needs=True),
    CommandSpec("list", "목록", Group.TELL, menu=True),
    CommandSpec("import", "가져오기", Group.TELL, Takes.LIST),
    CommandSpec("taste", "취향", Group.TELL),
    CommandSpec("follow", "관심", Group.NEWS, Takes.TITLE, needs=True),
    CommandSpec("unfollow", "관심해제", Group.NEWS, Takes.TITLE, needs=True),
    CommandSpec("following", "관심목록", Group.NEWS),
    CommandSpec("alerts", "알림", Group.NEWS, Takes.ALERTS),
    CommandSpec("settings", "설정", Group.OWN, menu=True),
    CommandSpec("language", "언어", Group.OWN, Takes.LANGUAGE),
    CommandSpec("dial", "다이얼", Group.OWN, Takes.DIAL),
    CommandSpec("link", "연결", Group.OWN, Takes.CODE),
    CommandSpec("privacy", "개인정보", Group.OWN),
    CommandSpec("export", "내보내기", Group.OWN),
    CommandSpec("forget", "잊어줘", Group.OWN),
    CommandSpec("help", "도움말", Group.OWN, menu=True),
)

# Answers those who run the bots; to everybody else there is no such command.
OPS = CommandSpec("ops", "운영", Group.OWN)

BY_NAME: dict[str, CommandSpec] = {
    name: spec for spec in COMMANDS for name in (spec.name, spec.korean)
}
