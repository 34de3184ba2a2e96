"""What a crawl of the replica of Naver Webtoon has stored, and what it has to."""

from sqlalchemy import select

from db.crawl_tables import WebtoonDetail
from db.tables import Webtoon

DETAILS = "/api/article/list/info"
LISTS = "/api/webtoon/titlelist"
DAY = 24 * 3600
AGES = {"ALL": 0, "RATE_12": 12, "RATE_15": 15, None: None}


def stored(database):
    """All that is known of each work, by titleId."""
    query = select(Webtoon, WebtoonDetail).join(
        WebtoonDetail, WebtoonDetail.webtoon_id == Webtoon.id
    )
    with database.read() as session:
        return {
            work.external_id: {
                "title": work.title,
                "authors": tuple(work.authors),
                "genres": tuple(work.genres),
                "keywords": tuple(work.keywords),
                "weekdays": tuple(work.weekdays),
                "finished": work.finished,
                "adult": work.adult,
                "url": work.url,
                "synopsis": detail.synopsis,
                "age": detail.age,
                "hiatus": detail.hiatus,
                "up": detail.up,
                "latest": (detail.latest_number, detail.latest_title),
                "thumbnail": detail.thumbnail_url,
                "gated": detail.gated,
            }
            for work, detail in session.execute(query)
        }


def expected(site):
    """What has to be known of each work: the catalogue has no weekdays for what has ended."""
    return {
        title_id: {
            "title": work.title,
            "authors": work.authors,
            "genres": work.genres,
            "keywords": work.keywords,
            "weekdays": tuple(
                day for day in work.weekdays if not work.finished and day != "DAILY_PLUS"
            ),
            "finished": work.finished,
            "adult": work.adult,
            "url": f"https://comic.naver.com/webtoon/list?titleId={title_id}",
            "synopsis": None if work.gated else "\n".join(work.synopsis.splitlines()),
            "age": AGES[work.age],
            "hiatus": work.rest,
            "up": work.up,
            # What has ended gets no new chapters, so nobody asks for its last.
            "latest": (None, None) if work.finished else (work.chapter, work.chapter_title),
            "thumbnail": work.thumbnail_url,
            "gated": work.gated,
        }
        for title_id, work in site.truth.works().items()
    }


def ordinary(site, *, finished):
    """A work that anybody may read."""
    return next(
        work.title_id
        for work in site.truth.works().values()
        if not work.gated and work.finished == finished
    )
