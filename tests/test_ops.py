"""ops/: the dashboard and the alert rules speak of figures that our programs do export."""

import json
import re

import numpy as np
import pytest
import yaml

from bot.conversation.library import Library
from bot.metrics import Metrics
from db import schema
from db.engine import Database
from tasks import metrics
from tests.plugins.compose import ROOT, raw

OPS = ROOT / "ops"
DASHBOARD = json.loads((OPS / "grafana/dashboards/webtoonbot.json").read_text(encoding="utf-8"))
GROUPS = yaml.safe_load((OPS / "prometheus/alerts.yml").read_text(encoding="utf-8"))["groups"]
RULES = {rule["alert"]: rule for group in GROUPS for rule in group["rules"]}
PROMETHEUS = yaml.safe_load((OPS / "prometheus/prometheus.yml").read_text(encoding="utf-8"))
SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}
NAME = re.compile(r"\bwebtoonbot_\w+")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """The names of all samples that beat and a bot may have."""
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('ops') / 'ops.db'}")
    schema.upgrade(database)
    bot = Metrics()
    bot.watch(lambda: Library((), np.zeros(0, np.float32)))
    registries = (metrics.registry(database, dict), bot.registry)
    families = [family for registry in registries for family in registry.collect()]
    database.close()
    return {
        family.name + suffix for family in families for suffix in SUFFIXES.get(family.type, ("",))
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


def test_every_rule_says_how_bad_it_is_and_what_is_wrong():
    assert {rule["labels"]["severity"] for rule in RULES.values()} == {"warning", "critical"}
    assert all(rule["annotations"]["summary"].endswith(".") for rule in RULES.values())
    assert all("for" in rule for rule in RULES.values())


def test_the_rules_see_what_an_operator_must_not_miss():
    assert RULES.keys() >= {
        *("OperatorDown", "BotDown", "DatabaseDown", "BrokerDown"),
        *("JobLate", "JobFailed", "QueueGrows", "ModelOld", "ErrorsMany", "AnswersSlow"),
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
