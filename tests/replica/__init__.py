"""A replica of Watcha Pedia and Naver Webtoon on loopback, all of it invented, to crawl in tests.

    with Replica(seed=1, users=30, titles=40) as site:
        site.fault("watcha", "/ko-KR/users/*", "status", times=2, status=429, retry_after="2")
        crawl(site.watcha_url, site.naver_url)
        assert ratings == site.truth.ratings()

Or as a process, with the control port for all of it: python -m tests.replica --seed 1
"""

from tests.replica.site import Replica, Request
from tests.replica.truth import ShownWork, Truth

__all__ = ["Replica", "Request", "ShownWork", "Truth"]
