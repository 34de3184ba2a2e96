"""What tests of letters share."""

import pytest

from tests.fakes.post import Post
from tests.plugins.library import stock


@pytest.fixture
def post(database):
    stock(database)
    with database.write() as session:
        yield Post(session)
