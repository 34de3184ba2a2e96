"""What SQLAlchemy compiled for one engine serves all of its kind, as in a program that has one.

Nearly every test has an engine of its own, and would compile each statement anew: that took a third
of the time.
"""

import pytest
import sqlalchemy
from sqlalchemy import event


@pytest.fixture(scope="session", autouse=True)
def compiled_once():
    dialects, compiled = {}, {}

    def create_engine(url, **options):
        engine = sqlalchemy.create_engine(
            url, **options, execution_options={"compiled_cache": compiled}
        )
        name = engine.dialect.name
        if name in dialects:
            engine.dialect = dialects[name]
        else:

            @event.listens_for(engine, "connect")
            def ready(*_):  # by then it knows its server
                dialects.setdefault(name, engine.dialect)

        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("db.engine.create_engine", create_engine)
        yield
