"""A small catalogue, ratings of simulated readers, and a model fitted to them.

Fixtures: `model_dir` (holds the model "first"), `digest` (its manifest's), `clock` (time that
passes only when told to).
"""

import shutil
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy import sparse

from db import catalogue, models
from db.catalogue import Facts
from db.models import ModelRow
from db.tables import ModelState
from recommender import default_model, questions
from recommender.simulate import simulate

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)

# Title, English title, authors, genres, keywords, weekdays ("" for finished), for adults.
_SHELF = (
    ("신의 탑", "Tower of God", "SIU", "스토리 판타지", "탑 성장", "MON", False),
    ("여신강림", "True Beauty", "야옹이", "스토리 로맨스", "외모 학원", "", False),
    ("외모지상주의", "Lookism", "박태준", "스토리 드라마", "외모 학원", "FRI", False),
    ("마음의소리", "The Sound of Your Heart", "조석", "에피소드 개그", "병맛 가족", "", False),
    ("유미의 세포들", "Yumi's Cells", "이동건", "스토리 로맨스", "직장 심리", "", False),
    ("치즈인더트랩", "Cheese in the Trap", "순끼", "스토리 로맨스", "대학 심리", "", False),
    ("노블레스", "Noblesse", "손제호 이광수", "스토리 판타지", "학원 격투", "", False),
    ("갓 오브 하이스쿨", "The God of High School", "박용제", "스토리 액션", "격투 학원", "", False),
    ("윈드브레이커", "Wind Breaker", "조용석", "스토리 스포츠", "학원 성장", "MON", False),
    ("스위트홈", "Sweet Home", "김칸비 황영찬", "스토리 스릴러", "괴물 생존", "", False),
    ("화산귀환", None, "비가 LICO", "스토리 무협/사극", "무협 회귀", "WED", False),
    (
        "전지적 독자 시점",
        "Omniscient Reader",
        "싱숑 슬리피-C",
        "스토리 판타지",
        "생존",
        "WED",
        False,
    ),
    (
        "재혼 황후",
        "The Remarried Empress",
        "알파타르트 숨풀",
        "스토리 로맨스",
        "로판",
        "FRI",
        False,
    ),
    ("덴마", "Denma", "양영순", "스토리 판타지", "초능력 SF", "", False),
    ("기기괴괴", None, "오성대", "옴니버스 스릴러", "공포 미스터리", "THU", False),
    ("연애혁명", None, "232", "스토리 로맨스", "학원 첫사랑", "", False),
    ("프리드로우", None, "전선욱", "스토리 드라마", "학원 우정", "SAT", False),
    ("독립일기", None, "자까", "에피소드 일상", "일상툰 힐링", "THU", False),
    ("모죠의 일지", None, "모죠", "에피소드 개그", "일상툰 병맛", "MON THU", False),
    ("닥터앤닥터 육아일기", None, "닥터베르", "에피소드 일상", "육아 가족", "", False),
    ("조선왕조실톡", None, "무적핑크", "에피소드 개그", "역사 궁중", "", False),
    ("쿠베라", "Kubera", "카레곰", "스토리 판타지", "신화 마법", "MON", False),
    ("나이트런", "Knight Run", "김성민", "스토리 액션", "SF 괴물", "", False),
    ("헬퍼", None, "삭", "스토리 액션", "저승 격투", "", False),
    ("평범한 8반", "Class 8", "영파카", "스토리 판타지", "학원 초능력", "", False),
    ("봄날", None, "한가람", "스토리 로맨스", "첫사랑 대학", "TUE", False),
    ("봄날", None, "오누리", "에피소드 일상", "힐링 동물", "", False),
    ("밤의 정원사", "The Night Gardener", "도로시", "스토리 로맨스", "심리 복수", "SUN", True),
    ("붉은 등대", None, "등대지기", "스토리 스릴러", "범죄 심리", "", True),
    ("탑 아래의 밤", None, "등대지기", "스토리 판타지", "탑 복수", "SAT", True),
)
SHELF = tuple(
    Facts(
        source="naver",
        external_id=str(1001 + number),
        title=title,
        title_en=english,
        authors=tuple(authors.split()),
        genres=tuple(genres.split()),
        keywords=tuple(keywords.split()),
        weekdays=tuple(weekdays.split()),
        finished=not weekdays,
        adult=adult,
        url=f"https://comic.naver.com/webtoon/list?titleId={1001 + number}",
    )
    for number, (title, english, authors, genres, keywords, weekdays, adult) in enumerate(_SHELF)
)


class Clock:
    """The time, which stands still until somebody lets it pass."""

    def __init__(self, now=NOON):
        self.now = now

    def __call__(self):
        return self.now

    def pass_(self, **spans):
        self.now += timedelta(**spans)


@pytest.fixture
def clock():
    return Clock()


def fitted(seed=0):
    """A model of the shelf, as 400 simulated readers rate it."""
    names = sorted({word for facts in SHELF for word in (*facts.genres, *facts.keywords)})
    about = np.array([[n in (*f.genres, *f.keywords) for n in names] for f in SHELF], dtype=float)
    features = sparse.csr_array(about)
    told = simulate(features, np.arange(len(SHELF)), readers=400, seed=seed)
    rows = {reader: row for row, reader in enumerate(dict.fromkeys(told.readers))}
    ratings = sparse.csr_array(
        (told.half_stars.astype(np.float32), ([rows[r] for r in told.readers], told.items)),
        shape=(len(rows), len(SHELF)),
    )
    model = default_model.fit(ratings, features, l2=50.0)
    model.questions = questions.plan(model, ratings, np.array([f.adult for f in SHELF]), seed)
    return model


def saved(folder, model_id, seed=0):
    """The digest of a model that was fitted and saved as `model_id` in `folder`."""
    return fitted(seed).save(folder / model_id, ids=[f"naver:{f.external_id}" for f in SHELF])


@pytest.fixture(scope="session")
def shared_model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return folder, saved(folder, "first")


@pytest.fixture
def digest(shared_model):
    return shared_model[1]


@pytest.fixture
def model_dir(shared_model, tmp_path):
    folder = tmp_path / "models"
    shutil.copytree(shared_model[0], folder)
    return folder


def stock(database, now=NOON, works=SHELF):
    """Puts the shelf into the database."""
    with database.write() as session:
        catalogue.upsert(session, works, now)


def activate(database, model_id, digest, now=NOON, *, demo=False):
    """Registers a model as the active one."""
    row = ModelRow(model_id, ModelState.CANDIDATE, now, 400, len(SHELF), 9_000, {}, demo, digest)
    with database.write() as session:
        models.register(session, row)
        models.activate(session, model_id, now)
