"""Naver Webtoon: the JSON of its lists, its works and their chapters, and thumbnails."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from tests.replica import answers
from tests.replica.answers import Answer, as_json
from tests.replica.model import NaverWork
from tests.replica.words import CHAPTERS, GENRES
from tests.replica.world import World

SIZE = 25
ARTICLES = 20
FULL_DAYS = {
    "MON": "MONDAY",
    "TUE": "TUESDAY",
    "WED": "WEDNESDAY",
    "THU": "THURSDAY",
    "FRI": "FRIDAY",
    "SAT": "SATURDAY",
    "SUN": "SUNDAY",
    "DAILY_PLUS": "DAILY_PLUS",
}
WEEKS = {day.lower(): day for day in list(FULL_DAYS)[:7]} | {"dailyPlus": "DAILY_PLUS"}
AGES = {"ALL": "전체연령가", "RATE_12": "12세 이용가", "RATE_15": "15세 이용가"}
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")


def thumbnail(base: str, work: NaverWork) -> str:
    return f"{base}/thumb/{work.title_id}.jpg"


def chapter_title(work: NaverWork, number: int) -> str:
    return f"{number}화 {CHAPTERS[(int(work.title_id) + number) % len(CHAPTERS)]}"


class Naver:
    """Answers requests with what the world holds at that moment."""

    def __init__(self, world: World) -> None:
        self.world, self.base = world, ""
        self._routes: dict[str, Callable[[dict[str, str]], Answer]] = {
            "/api/webtoon/titlelist/weekday": self._weekday,
            "/api/webtoon/titlelist/finished": self._finished,
            "/api/article/list/info": self._info,
            "/api/article/list": self._articles,
        }

    def answer(self, target: str, headers: Mapping[str, str]) -> Answer:
        """The answer to GET `target`, a path with its query."""
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        picture = re.fullmatch(r"/thumb/(\d+)\.jpg", parts.path)
        if picture:
            own = headers.get("referer", "").startswith(self.base + "/")
            known = picture[1] in self.world.naver
            return Answer(JPEG, 200, "image/jpeg") if own and known else answers.plain("", 403)
        route = self._routes.get(parts.path)
        if not route:
            return answers.gone("404")
        with self.world.lock:
            return route(query)

    def _weekday(self, query: dict[str, str]) -> Answer:
        if "week" not in query:
            days = list(FULL_DAYS)[:7]
            return as_json({"titleListMap": {FULL_DAYS[day]: self._on(day) for day in days}})
        day = WEEKS.get(query["week"])
        return as_json({"titleList": self._on(day)}) if day else _error(400, "Bad Request")

    def _on(self, day: str) -> list[dict[str, object]]:
        works = [work for work in self._live() if not work.finished and day in work.weekdays]
        works.sort(key=lambda work: (-work.favorites, work.title_id))
        return [self._listed(work) for work in works]

    def _finished(self, query: dict[str, str]) -> Answer:
        works = [work for work in self._live() if work.finished]
        works.sort(key=lambda work: (work.chapter_date, work.title_id), reverse=True)
        page, info = _paged(works, query.get("page", "1"), SIZE)
        return as_json({"titleList": [self._listed(work) for work in page], "pageInfo": info})

    def _info(self, query: dict[str, str]) -> Answer:
        work = self.world.naver.get(query.get("titleId", ""))
        refused = _refused(work)
        if refused or not work:
            return refused or _error(404, "Not Found")
        detail: dict[str, object] = {
            "titleId": int(work.title_id),
            "thumbnailUrl": thumbnail(self.base, work),
            "titleName": work.title,
            "contentsNo": int(work.title_id) % 9973,
            "webtoonLevelCode": "WEBTOON",
            "rest": work.rest,
            "finished": work.finished,
            "dailyPass": False,
            "publishDayOfWeekList": [FULL_DAYS[day] for day in work.weekdays],
            "chargeBestChallenge": False,
            "synopsis": work.synopsis,
            "favorite": False,
            "favoriteCount": work.favorites,
            "age": {"type": work.age, "description": AGES[work.age]},
            "publishDescription": "완결" if work.finished else "연재",
            "curationTagList": _tags(work),
            "thumbnailBadgeList": [],
            "adBannerList": [],
            "firstArticle": {"no": 1, "subtitle": chapter_title(work, 1), "charge": False},
            "gfpAdCustomParam": {
                "titleId": int(work.title_id),
                "titleName": work.title,
                "displayAuthor": " / ".join(work.authors),
                "genreTypes": list(work.genres),
                "tags": list(work.keywords),
            },
        }
        if work.old_details:
            detail["author"] = {
                "writers": _people(work.writers),
                "painters": _people(work.painters),
                "originAuthors": _people(work.origins),
            }
        else:
            detail["communityArtists"] = _artists(work)
        return as_json(detail)

    def _articles(self, query: dict[str, str]) -> Answer:
        work = self.world.naver.get(query.get("titleId", ""))
        refused = _refused(work)
        if refused or not work:
            return refused or _error(404, "Not Found")
        numbers = list(range(1, work.chapter + 1))
        if query.get("sort", "DESC") != "ASC":
            numbers.reverse()
        page, info = _paged(numbers, query.get("page", "1"), ARTICLES)
        return as_json(
            {
                "titleId": int(work.title_id),
                "webtoonLevelCode": "WEBTOON",
                "totalCount": work.chapter,
                "finished": work.finished,
                "articleList": [_article(work, number) for number in page],
                # Previews for sale: newer than the latest chapter, and not out yet.
                "chargeFolderArticleList": []
                if work.finished
                else [_article(work, work.chapter + ahead, ahead) for ahead in (2, 1)],
                "pageInfo": info,
                "sort": query.get("sort", "DESC"),
            }
        )

    def _live(self) -> list[NaverWork]:
        return [work for work in self.world.naver.values() if not work.removed]

    def _listed(self, work: NaverWork) -> dict[str, object]:
        return {
            "titleId": int(work.title_id),
            "titleName": work.title,
            "author": " / ".join(work.authors),
            "writers": _people(work.writers),
            "painters": _people(work.painters),
            "novelOriginAuthors": _people(work.origins),
            "thumbnailUrl": thumbnail(self.base, work),
            "up": work.up,
            "rest": work.rest,
            "bm": False,
            "adult": work.adult,
            "starScore": round(9 + int(work.title_id) % 100 / 100, 2),
            "viewCount": 0,
            "openToday": False,
            "potenUp": False,
            "bestChallengeLevelUp": False,
            "finish": work.finished,
            "new": work.chapter < 10 and not work.finished,
        }


def _refused(work: NaverWork | None) -> Answer | None:
    """What stands in the way of a work's details, if anything does."""
    if work is None:
        return _error(404, "Not Found")
    if work.removed:
        how = work.removed
        return answers.gone(how) if how == "deleted" else _error(int(how), "Not Found")
    if work.gate == "login":
        return answers.login_page()
    return _error(int(work.gate), "로그인이 필요합니다.") if work.gate else None


def _error(status: int, text: str) -> Answer:
    return as_json({"errorCode": str(status), "message": text}, status)


def _people(names: Sequence[str]) -> list[dict[str, object]]:
    return [{"id": sum(map(ord, name)), "name": name} for name in names]


def _artists(work: NaverWork) -> list[dict[str, object]]:
    roles = {"WRITER": work.writers, "PAINTER": work.painters, "NOVEL_ORIGIN": work.origins}
    return [
        {
            "artistId": sum(map(ord, name)),
            "name": name,
            "artistTypeList": [f"ARTIST_{role}" for role, names in roles.items() if name in names],
            "profileBadge": None,
        }
        for name in work.authors
    ]


def _tags(work: NaverWork) -> list[dict[str, object]]:
    """Keywords first: what a tag is says its type, not its place."""
    tags = [(name, "CUSTOM_TAG") for name in work.keywords]
    tags[1:1] = [(GENRES[genre], f"GENRE_{genre}") for genre in work.genres]
    return [
        {
            "id": place + 1,
            "tagName": name,
            "urlPath": f"/curation/list?type={kind}&id={place + 1}",
            "curationType": kind,
        }
        for place, (name, kind) in enumerate(tags)
    ]


def _article(work: NaverWork, number: int, weeks_ahead: int = 0) -> dict[str, object]:
    day = work.chapter_date - timedelta(days=7 * (work.chapter - number))
    return {
        "no": number,
        "subtitle": chapter_title(work, number),
        "starScore": 9.9,
        "bgm": False,
        "up": work.up and number == work.chapter,
        "charge": weeks_ahead > 0,
        "serviceDateDescription": f"{7 * weeks_ahead}일 후 무료"
        if weeks_ahead
        else day.strftime("%y.%m.%d"),
        "volumeNo": 0,
        "hasReadLog": False,
        "recentlyReadLog": False,
        "thumbnailClock": False,
        "thumbnailLock": weeks_ahead > 0,
    }


def _paged(items: list, wanted: str, size: int) -> tuple[list, dict[str, int]]:
    """A page of `items` and its pageInfo; nextPage is 0 on the last."""
    page = int(wanted) if wanted.isdecimal() and int(wanted) > 0 else 1
    pages = max(1, -(-len(items) // size))
    start = (page - 1) * size
    found = items[start : start + size]
    return found, {
        "totalRows": len(items),
        "pageSize": size,
        "indexSize": 10,
        "page": page,
        "startRowNum": start + 1,
        "endRowNum": start + len(found),
        "rawPage": page,
        "totalPages": pages,
        "firstPage": 1,
        "lastPage": pages,
        "nextPage": page + 1 if page < pages else 0,
        "prevPage": page - 1,
    }
