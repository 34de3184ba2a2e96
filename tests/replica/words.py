"""Invented names and sentences; titles, people and texts of the replica are made of these."""

import random
from collections.abc import Iterator


def _words(*lines: str) -> tuple[str, ...]:
    return tuple(" ".join(lines).split())


FIRST = _words(
    "모래시계 유리 안개 종이 서랍 자정 구름 소금 태엽 등나무 회색 양철 이끼 지하 옥상",
    "편백 달력 은하 고래 도토리 물비늘 연필 우산 청동 겨자 수박 북극 골목 계단 나침반",
)
SECOND = _words(
    "세탁소 등대지기 우체부 측량사 박물관 기사단 식당 연구소 마법사 탐정 합창단 수리공",
    "정원사 항해일지 사진관 백화점 도서관 감정사 결투자 상속인 편집부 야구부 견습생",
    "동물원 통역사 여관 감시탑 양조장 약초꾼 검객",
)
SYLLABLES = _words("먹 솜 귤 참 늘 별 물 숲 콩 밤 눈 돌 갓 흰 꿀 앵")
THINGS = _words("고래 너구리 두루미 수달 찻잔 연필 사탕 바람 고양이 모루 단추 국수 주전자 부엉이")
MOODS = _words("졸린 느긋한 수줍은 배고픈 용감한 조용한 심심한 산뜻한 엉뚱한 꼼꼼한 말많은 씩씩한")
CHAPTERS = ("첫 만남", "낯선 편지", "비 오는 날", "마지막 문", '"그 약속"', "두 번째 달", "긴 밤")
KEYWORDS = _words("성장물 회귀 먼치킨 사이다 힐링 학원물 오피스 두뇌싸움 동물 요리 가족애 역사물")

GENRES = {
    "ROMANCE": "로맨스",
    "FANTASY": "판타지",
    "ACTION": "액션",
    "DAILY": "일상",
    "THRILLER": "스릴러",
    "COMIC": "개그",
    "DRAMA": "드라마",
    "SPORTS": "스포츠",
}
COMMENTS = (
    "끝까지 다 봤어요.",
    '"이게 뭐지?" 하다가 밤을 샜다',
    "그림이 <b>정말</b> 예쁘다 & 색도 좋다",
    "초반은 느린데\n뒤로 갈수록 좋아요 👍",
    "제 취향은 아니었어요…",
    "다음 시즌을 기다립니다!",
)
# No rating, although it looks like one: it stands inside of the comment's own text.
TRAP_COMMENT = "친구는 ★ 5 라는데 나는 아직 모르겠다"
SYNOPSES = (
    '"이 문은 열지 마세요."\n그날부터 {a}에서는 이상한 일이 벌어진다.\n\n{b}의 하루가 시작된다.',
    "{a}에 사는 {b}.\r\n조용하던 마을에 '손님'이 온다 & 모든 것이 바뀐다.",
    "아무도 믿지 않는 <{a}>의 비밀을 {b}만이 알고 있다.",
)

# Titles that break what is naive: quoting, escaping, composing. (kind of match, title)
HARD_TITLES = (
    ("outlink", '"따옴표" 상회'),
    ("outlink", "체력 < 마력 > 지력"),
    ("platform", "겨자 & 소금 상사"),
    ("author", "그 아이's 태엽 노트"),
    ("author", "오늘도 맑음☀️🐈"),
    ("author", "봄빛 각성자"),  # decomposed on Watcha, like the next
    ("platform", "달력 속 귤밭"),
)
DECOMPOSED = ("봄빛 각성자", "달력 속 귤밭")
TWIN_TITLE = "두 개의 나침반"


def titles(rng: random.Random) -> Iterator[str]:
    """Titles without end, no two alike."""
    for season in range(1, 1000):
        suffix = "" if season == 1 else f" 시즌{season}"
        pairs = [(first, second) for first in FIRST for second in SECOND]
        rng.shuffle(pairs)
        for first, second in pairs:
            joint = rng.choice((" ", "의 ", "에서 온 "))
            yield f"{first}{joint}{second}{suffix}"


def pen_names(rng: random.Random) -> Iterator[str]:
    """Authors without end, no two alike."""
    for number in range(1, 1000):
        names = [first + second for first in SYLLABLES for second in THINGS]
        rng.shuffle(names)
        for name in names:
            yield name if number == 1 else f"{name}{number}"


def nickname(rng: random.Random) -> str:
    """A nickname; two people may well have the same."""
    return f"{rng.choice(MOODS)} {rng.choice(THINGS)}"


def synopsis(rng: random.Random) -> str:
    """A few lines, with the quotes and line ends that real ones have."""
    return rng.choice(SYNOPSES).format(a=rng.choice(FIRST), b=rng.choice(SECOND))
