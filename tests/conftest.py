"""What every test may ask for: databases, a broker, a small library and people who chat about it,
and the three doors as real processes.
"""

from hypothesis import settings

# A busy machine is no failure.
settings.register_profile("busy", deadline=None)
settings.register_profile("soak", deadline=None, max_examples=2_000)
settings.load_profile("busy")

pytest_plugins = (
    "tests.plugins.missing",
    "tests.plugins.statements",
    "tests.plugins.databases",
    "tests.plugins.brokers",
    "tests.plugins.library",
    "tests.plugins.chat",
    "tests.plugins.crawls",
    "tests.plugins.doors",
)
