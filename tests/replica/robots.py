"""robots.txt by profile."""

from tests.replica.answers import Answer, plain

HARMLESS = """\
Disallow: /sign_in
Disallow: /ko-KR/settings
Disallow: /*/users/me$
"""
PROFILES = {
    "recorded": f"# Please be gentle.\nUser-agent: *\nDisallow: /api\n{HARMLESS}",
    "permissive": f"User-agent: *\n{HARMLESS}",
    # Lists are closed, but the one address without a query is open. The API of lists is closed too:
    # its path has the same shape, and a query.
    "wildcard": (
        "User-agent: *\n"
        "Disallow: /*/users/*/contents\n"
        "Allow: /*/users/*/contents/webtoons/ratings$\n"
        "Disallow: /*/search?*domain=books\n"
        "Disallow: /*.pdf$\n"
    ),
    "crawl-delay": f"User-agent: *\nCrawl-delay: 1\n{HARMLESS}",
    "deny": "User-agent: *\nDisallow: /\n",
}
NAMES = (*PROFILES, "404", "500")


def answer(profile: str) -> Answer:
    """What /robots.txt answers under `profile`."""
    if profile in PROFILES:
        return plain(PROFILES[profile])
    return plain("", int(profile))
