"""What the replica does besides showing the world: robots.txt, faults, the control port."""

import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from email.utils import parsedate_to_datetime

import pytest
from protego import Protego

from tests.replica import Replica
from tests.replica.robots import PROFILES
from tests.replica.visiting import OPENER, found, get, post, ratings_address, setup_of, wait_until


@pytest.fixture
def site():
    with Replica(seed=1, users=30, titles=40) as replica:
        yield replica


# robots.txt


def test_robots_profiles_close_what_they_say(site):
    lists, api = ratings_address("aB3dE6g"), "/api/users/aB3dE6g/contents/webtoons/ratings?page=2"
    allowed = {}
    for profile in PROFILES:
        site.robots("watcha", profile)
        rules = Protego.parse(get(f"{site.watcha_url}/robots.txt")[1])
        paths = ("/ko-KR/contents/aB3dE6g", lists, api)
        allowed[profile] = [rules.can_fetch(site.watcha_url + path, "bot") for path in paths]
        allowed[profile].append(rules.crawl_delay("bot"))

    assert allowed == {
        "recorded": [True, True, False, None],
        "permissive": [True, True, True, None],
        "wildcard": [True, True, False, None],
        "crawl-delay": [True, True, True, 1.0],
        "deny": [False, False, False, None],
    }
    for status in (404, 500):
        site.robots("naver", str(status))
        assert get(f"{site.naver_url}/robots.txt")[0] == status


# Faults


@pytest.mark.parametrize(
    ("name", "options", "status", "text"),
    [
        ("status", {"status": 503}, 503, "오류 503"),
        ("captcha", {}, 200, "자동 입력 방지"),
        ("waf", {}, 403, "Request blocked"),
        ("login_page", {}, 200, 'content="네이버"'),
        ("deleted", {}, 200, "삭제된 콘텐츠"),
        ("wall", {}, 200, "로그인이 필요해요"),
        ("off_host", {"to": "http://127.0.0.1:9/"}, 302, ""),
        ("redirect_loop", {}, 302, ""),
        ("empty", {}, 200, ""),
    ],
)
def test_a_fault_strikes_as_often_as_asked(site, name, options, status, text):
    path = ratings_address(site.world.special["ten"])
    site.fault("watcha", "/ko-KR/users/*", name, times=1, **options)

    first, second = get(site.watcha_url + path), get(site.watcha_url + path)

    assert first[0] == status
    assert text in first[1] if text else not first[1]
    assert second[0] == 200
    assert "평가한 웹툰 10" in second[1]
    assert [(request.path, request.status) for request in site.log] == [(path, status), (path, 200)]


def test_a_redirect_loop_has_no_end_although_it_counts_once(site):
    site.fault("naver", "/api/article/list/info", "redirect_loop", times=1)
    address = "/api/article/list/info?titleId=812000"
    for _ in range(5):
        status, _, headers = get(site.naver_url + address)
        address = headers["location"]

    assert (status, address) == (302, "/api/article/list/info?titleId=812000&loop=5")


def test_retry_after_is_seconds_a_date_or_absent(site):
    def retry_after(value):
        site.clear_faults()
        site.fault("watcha", "/api/*", "status", status=429, retry_after=value)
        return get(f"{site.watcha_url}/api/contents/aB3dE6g")[2]["retry-after"]

    assert (retry_after("2"), retry_after(None)) == ("2", None)
    wait = parsedate_to_datetime(retry_after("date:2")).timestamp() - time.time()
    assert 1.9 < wait <= 3


def test_a_truncated_answer_is_half_of_it_and_a_dropped_one_is_cut_on_the_way(site):
    address = f"{site.naver_url}/api/webtoon/titlelist/finished"
    whole = len(get(address)[1].encode())
    site.fault("naver", "*finished*", "truncated", times=1)
    site.fault("naver", "*finished*", "drop", times=1)

    with OPENER.open(address) as response:
        assert len(response.read()) == whole // 2
    with OPENER.open(address) as response, pytest.raises(http.client.IncompleteRead) as cut:
        response.read()
    assert cut.value.expected == whole - whole // 2


def test_a_stall_ends_a_list_too_soon(site):
    code = site.world.special["eighteen"]
    site.fault("watcha", f"/*/users/{code}/*", "stall", rows=9)

    _, tree, setup = setup_of(site, ratings_address(code))

    assert setup["next"] is None
    assert tree.css_first("h2").text() == "평가한 웹툰 18"


def test_robots_txt_meets_only_faults_of_its_own(site):
    site.fault("watcha", "*", "waf")
    assert get(f"{site.watcha_url}/robots.txt")[0] == 200

    site.fault("watcha", "/robots.txt", "status", status=503)
    assert get(f"{site.watcha_url}/robots.txt")[0] == 503


def test_no_answer_may_be_kept_and_no_icon_is_logged(site):
    site.fault("watcha", "*", "status", status=410)

    _, _, headers = get(f"{site.watcha_url}/ko")
    icon, *_ = get(f"{site.watcha_url}/favicon.ico")

    assert (headers["cache-control"], icon) == ("no-store", 404)
    assert [request.path for request in site.log] == ["/ko"]


def test_what_does_not_exist_is_refused(site):
    for wrong in (
        lambda: site.fault("watcha", "*", "fire"),
        lambda: site.fault("watcha", "*", "status", times=1, colour="red"),
        lambda: site.fault("kakao", "*", "waf"),
        lambda: site.robots("watcha", "polite"),
        lambda: setattr(site, "generation", 6),
    ):
        with pytest.raises(ValueError, match="no "):
            wrong()


# The server


def test_closing_waits_for_nothing_and_leaves_no_thread():
    before = set(threading.enumerate())
    site = Replica(users=5, titles=5)
    site.start()
    site.fault("watcha", "*", "hang", seconds=60)
    connection = http.client.HTTPConnection(site.watcha_url.removeprefix("http://"), timeout=5)
    connection.request("GET", "/ko")
    wait_until(lambda: site.log)
    began = time.monotonic()

    site.close()

    assert time.monotonic() - began < 1
    assert set(threading.enumerate()) == before
    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()
    connection.close()


def test_the_control_port_does_what_the_methods_do(site):
    control = site.control_url
    code = site.world.special["nine"]
    work = site.world.users[code].rows[0].work
    post(f"{control}/change", change="rate", user=code, work=work, half_stars=3)
    post(f"{control}/generation", n=2)
    post(f"{control}/robots", site="watcha", profile="deny")
    post(f"{control}/fault", site="watcha", path="/ko", name="status", options={"status": 418})

    assert get(f"{site.watcha_url}/ko")[0] == 418
    post(f"{control}/clear-faults")
    assert get(f"{site.watcha_url}/ko")[0] == 200
    truth = found(f"{control}/truth")
    assert {tuple(rating) for rating in truth["ratings"]} == site.truth.ratings()
    assert (code, work, 3) in site.truth.ratings()
    assert truth["matches"] == site.truth.matches()
    assert truth["works"].keys() == site.truth.works().keys()
    assert (site.generation, site.scenario.robots("watcha")) == (2, "deny")
    assert [entry["status"] for entry in found(f"{control}/log")] == [418, 200]
    post(f"{control}/reset-log")
    assert site.log == []
    assert get(f"{control}/change", data=b'{"change": "explode"}')[0] == 400


def test_it_runs_as_a_process_that_ends_when_told():
    command = [sys.executable, "-m", "tests.replica", "--users", "5", "--titles", "6"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        started = json.loads(process.stdout.readline())
        status = get(f"{started['watcha']}/ko")[0]
        process.send_signal(signal.SIGTERM)
        code = process.wait(5)

    assert (status, code, started["robots"]) == (200, 0, "permissive")
