"""What every test may ask for: databases, a broker, a small library and people who chat about it,
and the three doors as real processes.
"""

pytest_plugins = (
    "tests.plugins.missing",
    "tests.plugins.databases",
    "tests.plugins.brokers",
    "tests.plugins.library",
    "tests.plugins.chat",
    "tests.plugins.crawls",
    "tests.plugins.doors",
)
