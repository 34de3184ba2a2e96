"""ops/ and docs/: dashboard, alert rules and operators' guide speak of what our programs export."""

import json
import re

import numpy as np
import pytest
import yaml
from prometheus_client import CollectorRegistry
from sqlalchemy import update

from bot.conversation.context import Noted
from bot.conversation.events import Platform
from bot.conversation.library import Library, Served
from bot.hearing import Heard
from bot.mailroom import Sent
from bot.metrics import Metrics
from db import alerts, schema
from db.engine import Database
from db.impressions import Shown
from db.tables import Model, Verdict
from tasks import metrics
from tests.plugins.compose import ROOT, raw
from tests.plugins.library import NOON
from tests.plugins.lived_in import live_in

OPS = ROOT / "ops"
DASHBOARD = json.loads((OPS / "grafana/dashboards/webtoonbot.json").read_text(encoding="utf-8"))
GROUPS = yaml.safe_load((OPS / "prometheus/alerts.yml").read_text(encoding="utf-8"))["groups"]
RULES = {rule["alert"]: rule for group in GROUPS for rule in group["rules"]}
GUIDE = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
PROMETHEUS = yaml.safe_load((OPS / "prometheus/prometheus.yml").read_text(encoding="utf-8"))
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
NAME = re.compile(r"\bwebtoonbot_\w+")
ALWAYS = {"le"}  # the label of a histogram's buckets


@pytest.fixture(scope="module")
def told_by_beat(tmp_path_factory):
    """What beat tells of a database with something in every table."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('ops') / 'ops.db'}")
    schema.upgrade(database)
    live_in(database, "0" * 64)
    with database.write() as session:
        session.execute(update(Model).values(metrics={"ndcg@10": 0.5}))
        alerts.open_alert(session, "retrain.rejected", "It is worse.", NOON)
    registry = CollectorRegistry()
    registry.register(metrics.Exporter(database, lambda: {"train": 1}, now=lambda: NOON))
    yield list(registry.collect())
    database.close()


@pytest.fixture(scope="module")
def told_by_a_bot():
    """What a bot tells that did one thing of each kind."""
    bot = Metrics()
    served = Served("m", demo=False, model=None, columns=np.zeros(0, np.intp))
    bot.watch(lambda: Library((), np.zeros(0, np.float32), served))
    noted = Noted([(Verdict.LIKE, "button")], [Shown(1, 0, "ease")])
    bot.heard(Heard(Platform.TELEGRAM, "press", "failed", noted=noted))
    bot.sent(Sent("telegram", "arrived"))
    with bot.answering(Platform.TELEGRAM):
        pass
    return [family for family in bot.registry.collect() if NAME.match(family.name)]


@pytest.fixture(scope="module")
def exported(told_by_beat, told_by_a_bot):
    """The names of all samples that beat and a bot may have."""
    return {
        family.name + suffix
        for family in (*told_by_beat, *told_by_a_bot)
        for suffix in SUFFIXES[family.type]
    }


def described(families):
    """Of each metric its name, kind and labels, as the guide tells them."""
    return {
        (
            family.name + ("_total" if family.type == "counter" else ""),
            family.type,
            frozenset(label for sample in family.samples for label in sample.labels) - ALWAYS,
        )
        for family in families
    }


def documented(title):
    """What the guide says of metrics, in the table below the paragraph that begins so."""
    below = GUIDE.split(f"\n{title}")[1]
    table = re.search(r"(?:^\|.*\n)+", below, re.MULTILINE)[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return {
        (name.strip("`"), kind, frozenset(re.findall(r"\w+", labels)))
        for name, kind, labels, _ in cells[2:]
    }


def expressions(panel):
    return [target["expr"] for target in panel["targets"]]


def test_every_panel_asks_for_what_is_exported(exported):
    asked = [expression for panel in DASHBOARD["panels"] for expression in expressions(panel)]
    asked += [annotation["expr"] for annotation in DASHBOARD["annotations"]["list"]]

    assert {name for expression in asked for name in NAME.findall(expression)} - exported == set()


def test_every_rule_asks_for_what_is_exported(exported):
    asked = {name for rule in RULES.values() for name in NAME.findall(rule["expr"])}

    assert asked - exported == set()


def test_the_guide_names_every_figure_of_a_bot_with_its_kind_and_labels(told_by_a_bot):
    assert documented("A **bot**") == described(told_by_a_bot)


def test_the_guide_names_every_figure_of_beat_with_its_kind_and_labels(told_by_beat):
    assert documented("**Beat**") == described(told_by_beat)


def test_beat_and_a_bot_call_no_two_figures_by_one_name(told_by_beat, told_by_a_bot):
    assert {family.name for family in told_by_beat} & {
        family.name for family in told_by_a_bot
    } == set()


def test_every_rule_says_how_bad_it_is_and_what_is_wrong():
    assert {rule["labels"]["severity"] for rule in RULES.values()} == {"warning", "critical"}
    assert all(rule["annotations"]["summary"].endswith(".") for rule in RULES.values())
    assert all("for" in rule for rule in RULES.values())


def test_the_rules_see_what_an_operator_must_not_miss():
    assert RULES.keys() >= {
        *("OperatorDown", "BotDown", "DatabaseDown", "BrokerDown"),
        *(
            "JobLate",
            "JobFailed",
            "IncidentOpen",
            "QueueGrows",
            "ModelOld",
            "ErrorsMany",
            "AnswersSlow",
        ),
    }


def test_panels_are_numbered_named_and_do_not_overlap():
    panels = DASHBOARD["panels"]
    covered = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert [panel["id"] for panel in panels] == list(range(1, len(panels) + 1))
    assert all(panel["title"] for panel in panels)
    assert len(covered) == len(set(covered))
    assert max(x for x, _ in covered) < 24


def test_the_dashboard_asks_the_prometheus_that_is_provisioned():
    provisioned = OPS / "grafana/provisioning"
    (source,) = yaml.safe_load((provisioned / "datasources/prometheus.yml").read_text())[
        "datasources"
    ]
    (provider,) = yaml.safe_load((provisioned / "dashboards/webtoonbot.yml").read_text())[
        "providers"
    ]

    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]} == {source["uid"]}
    assert source["url"] == "http://prometheus:9090"
    mounted = raw()["services"]["grafana"]["volumes"]
    assert f"./ops/grafana/dashboards:{provider['options']['path']}:ro" in mounted


def test_prometheus_asks_the_services_that_serve_figures():
    services = raw()["services"]
    given = {name: service.get("environment", {}) for name, service in services.items()}
    serving = {name for name in services if "METRICS_PORT" in given[name]}
    fixed, found = PROMETHEUS["scrape_configs"]
    targets = fixed["static_configs"][0]["targets"]
    by_name = found["dns_sd_configs"][0]

    asked = {target.partition(":")[0] for target in targets} | set(by_name["names"])
    ports = {int(target.partition(":")[2]) for target in targets} | {by_name["port"]}
    assert asked == serving
    assert {int(given[name]["METRICS_PORT"]) for name in serving} == ports
    assert all({"metrics"} <= set(services[name]["networks"]) for name in {*serving, "prometheus"})
