"""The replica's pages in a real browser: what loads, when, and what it looks like then."""

import shutil
import time
from collections import Counter

import pytest
from selenium import webdriver

from tests.plugins.missing import missing
from tests.replica import Replica
from tests.replica.listing import comments_of, ratings_of
from tests.replica.markup import Markup
from tests.replica.pages import Pages
from tests.replica.visiting import ratings_address, wait_until

CODES = """
return [...document.querySelectorAll("main h2 ~ * a[title][href^='/ko-KR/contents/']")]
  .map((link) => link.getAttribute("href").split("/").pop());
"""
# Scrolls until nothing has come for a while; the codes seen on the way, and most rows at once.
SCROLL = """
const [by, done] = arguments, seen = new Set();
let most = 0, idle = 0;
const step = () => {
  const links = document.querySelectorAll("main h2 ~ * a[title][href^='/ko-KR/contents/']");
  const before = seen.size;
  for (const link of links) seen.add(link.getAttribute("href").split("/").pop());
  most = Math.max(most, links.length);
  idle = seen.size === before ? idle + 1 : 0;
  if (idle > 6) return done([[...seen], most]);
  window.scrollBy(0, by);
  setTimeout(step, 20);
};
step();
"""
BOTTOM = "scrollTo(0, 1e6)"
MAIN = "return document.querySelector('main').textContent"


# Rows that are not, letter by letter, what the server would have made of them.
DIFFERING = """
const [item, made] = arguments;
const parsed = document.createElement("template");
parsed.innerHTML = made.join("");
const expected = [...parsed.content.children].map((row) => row.outerHTML);
return [...document.getElementsByClassName(item)].slice(0, made.length)
  .map((row) => row.outerHTML).filter((row, place) => row !== expected[place]);
"""


@pytest.fixture(scope="module")
def browser():
    driver_path = shutil.which("chromedriver")
    if not driver_path:
        missing("chromedriver", "apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--window-size=1280,900",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ):
        options.add_argument(flag)
    driver = webdriver.Chrome(options, webdriver.ChromeService(driver_path))
    driver.set_script_timeout(10)
    yield driver
    driver.quit()


@pytest.fixture
def site():
    with Replica(seed=1, users=12, titles=40) as replica:
        yield replica


@pytest.mark.parametrize("generation", range(1, 6))
def test_scrolling_brings_all_rows_of_every_generation(browser, site, generation):
    site.generation = generation
    code = site.world.special["eighteen"]
    for row in site.world.users[site.world.special["private"]].rows:
        site.world.rate(code, row.work, 5)
    expected = {work for user, work, _ in site.truth.ratings() if user == code}
    browser.get(site.watcha_url + ratings_address(code))
    time.sleep(0.05)  # nothing is loaded for somebody who does not scroll
    first = browser.execute_script(CODES)

    seen, most = browser.execute_async_script(SCROLL, 600)

    assert len(first) == 9
    assert set(seen) == expected
    assert most == (18 if generation == 4 else len(expected))
    assert "불러오는 중" not in browser.execute_script(MAIN)


def test_a_virtual_list_shows_its_first_rows_again_on_the_way_back(browser, site):
    site.generation = 4
    code = site.world.special["eighteen"]
    for row in site.world.users[site.world.special["private"]].rows:
        site.world.rate(code, row.work, 5)
    browser.get(site.watcha_url + ratings_address(code))
    first = set(browser.execute_script(CODES))
    browser.execute_async_script(SCROLL, 600)
    last = set(browser.execute_script(CODES))

    seen, _ = browser.execute_async_script(SCROLL, -600)

    assert not first <= last
    assert first <= set(seen)


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("status", {"status": 429, "retry_after": "1"}),
        ("truncated", {}),
        ("drop", {}),
        ("waf", {}),
        ("hang", {"seconds": 0.1}),
        ("off_host", {"to": "http://elsewhere.invalid/"}),
        ("redirect_loop", {}),
    ],
)
def test_a_failed_load_is_tried_again_by_the_next_scroll_only(browser, site, fault, options):
    code = site.world.special["ten"]
    site.fault("watcha", "/api/*", fault, times=1, **options)
    browser.get(site.watcha_url + ratings_address(code))
    site.reset_log()
    browser.execute_script(BOTTOM)
    wait_until(lambda: site.log)
    time.sleep(0.1)
    # Where a connection breaks off before the answer the browser itself may ask once more.
    calls = [request.path for request in site.log if "loop=" not in request.path]
    shown = len(browser.execute_script(CODES))

    browser.execute_script("scrollBy(0, -1)")

    wait_until(lambda: len(browser.execute_script(CODES)) == 10)
    if fault != "hang":
        assert (len(calls), shown) == (1, 9)


def test_where_the_api_is_blocked_the_list_stays_as_the_server_made_it(browser, site):
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": [f"{site.watcha_url}/api/*"]})
    browser.get(site.watcha_url + ratings_address(site.world.special["eighteen"]))

    seen, _ = browser.execute_async_script(SCROLL, 600)

    browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
    assert len(seen) == 9
    assert "불러오는 중…" in browser.execute_script(MAIN)
    assert not [request for request in site.log if request.path.startswith("/api")]


def test_the_script_shows_a_wall_where_the_api_asks_for_a_login(browser, site):
    browser.get(site.watcha_url + ratings_address(site.world.special["walled"]))

    seen, _ = browser.execute_async_script(SCROLL, 600)

    wall = browser.find_element("css selector", "main a[href='/ko-KR/sign_in']")
    assert (len(seen), wall.text) == (9, "로그인")
    assert "로그인이 필요해요" in browser.execute_script(MAIN)
    assert "불러오는 중" not in browser.execute_script(MAIN)


@pytest.mark.parametrize(
    ("generation", "icons"), [(1, False), (2, False), (3, False), (4, False), (5, False), (4, True)]
)
def test_rows_that_the_script_makes_are_like_those_of_the_server(browser, generation, icons):
    with Replica(seed=1, users=30, titles=40) as site:
        site.generation, site.icons = generation, icons
        markup = Markup(site.seed, generation, icons)
        pages = Pages(site.world, markup)
        busiest = Counter(comment.work for comment in site.world.comments).most_common(1)[0][0]
        longest = max(site.world.users.values(), key=lambda user: len(user.rows) * user.repeats)
        said = comments_of(site.world, site.world.watcha[busiest])
        rated = ratings_of(site.world, longest)
        made = {
            f"/ko/contents/{busiest}/comments?order=recent": [
                pages.comment_row(comment, place)
                for place, comment in enumerate([*said.page(1), *said.page(2)])
            ],
            ratings_address(longest.code): [
                pages.rating_row(row, place)
                for place, row in enumerate([*rated.page(1), *rated.page(2)])
            ],
        }
        for address, rows in made.items():
            browser.get(site.watcha_url + address)
            browser.execute_script(BOTTOM)
            count = f"return document.getElementsByClassName('{markup.css('item')}').length"
            wait_until(lambda: browser.execute_script(count) > 9)  # noqa: B023

            differing = browser.execute_script(DIFFERING, markup.css("item"), rows)

            assert len(rows) > 9
            assert differing == []
            assert not icons or "★" not in browser.execute_script(MAIN).replace("★ 5 라는데", "")
