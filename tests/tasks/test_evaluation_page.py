"""The evaluation's page: what it says and draws, and that it asks nobody for anything."""

import re
import shutil
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from selenium import webdriver

from recommender.evaluation import Interval
from tasks.evaluating import Evaluation
from tasks.evaluating_figures import ACCURACY, BREADTH, COLD, Gain, Standing
from tasks.evaluating_page import render
from tasks.evaluating_plots import Axis, dots, scatter
from tasks.evaluating_words import LABELS, MEANINGS, number, with_interval
from tests.plugins.library import NOON
from tests.plugins.missing import missing

NAMES = {"default": "What ships", "ease": "EASE", "popularity": "Popularity", "als": "Implicit ALS"}


CHANCE = {
    "random order": Interval(0.08, 0.08, 0.08),
    "random within favourite genres": Interval(0.1, 0.05, 0.15),
}


def evaluation(names=NAMES, seed=0, failed=(), chance=CHANCE):
    generator = np.random.default_rng(seed)

    def some(scale=1.0):
        low, mean, high = sorted(generator.random(3) * scale)
        return Interval(mean, low, high)

    standings = tuple(
        Standing(
            name,
            title,
            {figure: some() for figure in (*ACCURACY, *COLD, *BREADTH)},
            2.5,
            None if name == "als" else 120.4,
            {} if name == "ease" else {"ndcg@10": Gain(some(), 0.0004, 0.0008)},
        )
        for name, title in names.items()
    )
    return Evaluation("strong", 1, 100, 50, 2000, 20, standings, chance, dict(failed))


def page_of(found, on="ratings.csv", simulated=False):
    return render(found, on=on, simulated=simulated, made_at=NOON)


def words(page):
    text = re.sub(r"<(style|svg)\b.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", text).split())


def test_every_figure_is_drawn_and_told():
    page = page_of(evaluation())

    assert page.count("<svg ") == len(LABELS) + 1
    for name in LABELS:
        assert f"<strong>{LABELS[name]}</strong>{MEANINGS[name][0]}." in page
    told = words(page)
    assert (
        "20 new readers (strong generalisation) of 100, 50 works, 2000 ratings; seeds: 1." in told
    )
    assert "2026-05-04 12:00 UTC" in told
    assert "random order .080, random within favourite genres .100 (.050–.150)" in told
    assert "What ships 2.50 120" in told
    assert "Implicit ALS 2.50 –" in told
    assert "p < .001" in told.replace("&lt;", "<")


def test_what_is_missing_is_left_out_and_what_failed_is_told():
    found = evaluation({"als": "Implicit ALS"}, failed={"ease": "It <b>failed</b>."}, chance={})
    del found.standings[0].metrics["cold_recall@20"]
    found.standings[0].gains.clear()

    page = page_of(found)

    assert "Cold works" not in page
    assert "More than EASE" not in page
    assert "EASE, which the others are tested against" not in page
    assert "It &lt;b&gt;failed&lt;/b&gt;." in page


def test_names_from_outside_are_text():
    page = page_of(evaluation({"ease": '<i>"EASE"'}), on="<script>alert(1)</script>.csv")

    assert re.findall("<script|<i>", page) == []


def test_simulated_readers_are_named_in_the_title_and_every_section():
    page = page_of(evaluation(), simulated=True)

    assert "(simulated readers)</title>" in page
    assert page.count('class="simulated"') == 5


def test_a_page_of_the_same_is_the_same():
    assert page_of(evaluation()) == page_of(evaluation())


def test_a_plot_says_in_words_what_it_shows():
    standings = evaluation().standings

    plot = ET.fromstring(dots(standings, "ndcg@10", {"Chance": Interval(0.25, 0.2, 0.3)}))
    both = ET.fromstring(scatter(standings))

    means = {one.title: number(one.metrics["ndcg@10"].mean) for one in standings}
    expected = ", ".join(f"{title} {mean}" for title, mean in means.items())
    assert plot.get("aria-label") == f"NDCG@10: {expected}, Chance .250"
    names = [text.text for text in plot.iter("text") if "name" in text.get("class")]
    assert names == [*NAMES.values(), "Chance"]
    assert both.get("aria-label").startswith("NDCG@100 by coverage: What ships ")


def test_names_beside_each_other_do_not_lie_on_each_other():
    alike = evaluation({str(n): f"Model {n}" for n in range(8)})
    same = Interval(0.5, 0.4, 0.6)
    for one in alike.standings:
        one.metrics["ndcg@100"] = one.metrics["coverage@20"] = same

    texts = ET.fromstring(scatter(alike.standings)).iter("text")

    places = sorted(float(text.get("y")) for text in texts if "name" in text.get("class"))
    assert min(np.diff(places)) >= 14


@example([5e-324])
@example([1.0, 1.0 + 1e-12])
@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=9))
def test_an_axis_holds_every_value_between_a_few_round_ticks(values):
    axis = Axis.of(values, 100, 300)

    assert axis.low - 1e-9 <= min(values)
    assert max(values) <= axis.high + 1e-9
    assert 1 <= len(axis.ticks) <= 7
    assert all(99.9 <= axis.at(value) <= 300.1 for value in values)


@pytest.mark.parametrize(
    ("value", "figure", "text"),
    [
        (0.4567, "ndcg@10", ".457"),
        (10.5, "novelty@20", "10.500"),
        (1.0, "", "1.000"),
        (0.00571, "hhi@20", ".0057"),
        (0.0, "", ".000"),
    ],
)
def test_numbers_are_short(value, figure, text):
    assert number(value, figure) == text


def test_an_interval_is_told_where_it_is_one():
    assert with_interval(Interval(0.5, 0.25, 0.75)) == ".500 (.250–.750)"
    assert with_interval(Interval(0.5, 0.5, 0.5)) == ".500"


@pytest.fixture(scope="module")
def browser():
    if shutil.which("chromium") is None or shutil.which("chromedriver") is None:
        missing("Chromium", "apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.binary_location = shutil.which("chromium")
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(
        options=options, service=webdriver.ChromeService(shutil.which("chromedriver"))
    )
    driver.execute_cdp_cmd("Network.enable", {})
    yield driver
    driver.quit()


def test_a_browser_shows_the_page_on_a_phone_and_asks_nobody(browser, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(page_of(evaluation(), simulated=True), encoding="utf-8")
    phone = {"width": 400, "height": 800, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    browser.get_log("performance")

    browser.get(path.as_uri())

    messages = [entry["message"] for entry in browser.get_log("performance")]
    asked = {
        url
        for message in messages
        if '"Network.requestWillBeSent"' in message
        for url in re.findall(r'"request":\{.*?"url":"([^"]*)"', message)
    }
    wide = browser.execute_script("return document.documentElement.scrollWidth")
    small = browser.execute_script(
        "return Math.min(...[...document.querySelectorAll('svg')].map(s => s.clientWidth))"
    )
    cut = browser.execute_script(
        "return [...document.querySelectorAll('svg text')].filter(t => {"
        "const s = t.ownerSVGElement.getBoundingClientRect(), b = t.getBoundingClientRect();"
        "return b.left < s.left - 1 || b.right > s.right + 1}).map(t => t.textContent)"
    )
    assert asked - {"data:,"} == {path.as_uri()}
    assert wide == 400
    assert small > 300
    assert cut == []
    assert browser.get_log("browser") == []
