"""Pages over plain HTTP, one request at a time; redirects are for the caller to follow."""

from time import monotonic

import httpx

from crawler.fetching import Answer, NoAnswer

TIMEOUT = httpx.Timeout(20.0, connect=10.0)
LONGEST_SECONDS = 60.0
LARGEST = 16 * 1024 * 1024  # bytes


class HttpFetcher:
    """Fetches with an honest User-Agent, without cookies, proxies or a referer."""

    def __init__(self, agent: str, timeout: httpx.Timeout = TIMEOUT) -> None:
        self._client = httpx.Client(
            headers={"User-Agent": agent, "Accept-Language": "ko-KR,ko;q=0.9"},
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
        )

    def fetch(self, url: str) -> Answer:
        """The answer to one request. Raises NoAnswer."""
        self._client.cookies.clear()
        try:
            with self._client.stream("GET", url) as response:
                body = self._body(response)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NoAnswer(str(error) or type(error).__name__) from error
        where = response.headers.get("location") if response.is_redirect else None
        encoding = response.charset_encoding or "utf-8"
        try:
            text = body.decode(encoding, errors="replace")
        except LookupError:  # a charset that nobody knows
            text = body.decode("utf-8", errors="replace")
        retry = response.headers.get("retry-after")
        return Answer(url, response.status_code, text, where, retry)

    def more(self) -> Answer:
        """Not for plain HTTP: what a page loads when scrolled needs a browser."""
        message = "only a browser can scroll"
        raise NotImplementedError(message)

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    @staticmethod
    def _body(response: httpx.Response) -> bytes:
        # Each read has a timeout of its own; a body that drips for ever needs one for the whole.
        end = monotonic() + LONGEST_SECONDS
        body = b""
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > LARGEST:
                message = f"the page has more than {LARGEST} bytes"
                raise NoAnswer(message)
            if monotonic() > end:
                message = f"the page was not whole after {LONGEST_SECONDS:.0f} s"
                raise NoAnswer(message)
        return body
