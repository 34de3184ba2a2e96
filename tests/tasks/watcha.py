"""What the replica of Watcha Pedia shows, which is what a visit has to find."""

from collections import Counter

from tests.replica.listing import shown_rows

LISTS = "/ko-KR/users/*/contents/webtoons/ratings"


def listed(site, user):
    """The truth of what one user's list shows."""
    rows = shown_rows(site.world, site.world.users[user])
    return {(user, row.work, row.value) for row in rows if row.mark == "rated"}


def busiest(site):
    return Counter(comment.work for comment in site.world.comments).most_common(1)[0][0]
