"""A real server on loopback whose pages a test writes down, byte by byte where it has to."""

import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer


class Server(ThreadingHTTPServer):
    daemon_threads = True
    met = 0

    def process_request(self, request, client_address):
        self.met += 1
        super().process_request(request, client_address)

    def server_bind(self):
        # HTTPServer's own asks DNS for a name.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address

    def handle_error(self, request, client_address):
        """Whoever asked may have gone."""


class Pages:
    """Serves what is in `pages`: path (without query) -> (status, headers, body), or a function.

    A function is given the connection's file and writes everything itself. `asked` are the paths
    that were asked for, `headers` those of each request, with names in lower case, and `met` is how
    many connections were made, also those that asked for nothing.
    """

    def __init__(self):
        self.pages, self.asked, self.headers = {}, [], []
        self.closing = threading.Event()
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 10

            def do_GET(self):
                site.asked.append(self.path)
                site.headers.append({name.lower(): value for name, value in self.headers.items()})
                page = site.pages.get(self.path.partition("?")[0], (404, {}, "no such page"))
                if callable(page):
                    self.close_connection = True
                    with suppress(OSError):
                        page(self.wfile)
                    return
                self._say(*page)

            do_POST = do_GET

            def _say(self, status, headers, body):
                content = body if isinstance(body, bytes) else body.encode()
                self.send_response(status)
                told = {"content-type": "text/html; charset=utf-8", "content-length": len(content)}
                for name, value in (told | headers).items():
                    self.send_header(name, str(value))
                self.end_headers()
                if status != 204:
                    self.wfile.write(content)

            def log_message(self, *_):
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.url = f"http://{self.host}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def met(self):
        return self._server.met

    def hang(self, _file=None):
        """A page that never comes."""
        self.closing.wait(20)

    def drip(self, head):
        """A page that comes by a byte now and then, after `head`, and never ends."""

        def write(file):
            file.write(head)
            while not self.closing.wait(0.02):
                file.write(b"x")
                file.flush()

        return write
