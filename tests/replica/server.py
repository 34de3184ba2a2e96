"""HTTP on loopback: one thread a connection, kept alive, closed when the server is."""

import contextlib
import socket
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer

from tests.replica.answers import Answer

# Method, target, lower-case headers and body of a request → its answer.
Respond = Callable[[str, str, Mapping[str, str], bytes], Answer]


class Server(ThreadingHTTPServer):
    """Serves from construction to `close`."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, respond: Respond, port: int = 0, latency_seconds: float = 0.0) -> None:
        self.respond, self.latency_seconds = respond, latency_seconds
        self.closing = threading.Event()
        self._open: dict[socket.socket, threading.Thread] = {}
        super().__init__(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def server_bind(self) -> None:
        # HTTPServer's own asks DNS for a name, which takes seconds where there is none.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def _accept(self) -> None:
        """In place of serve_forever, which looks only now and then whether it should end."""
        while not self.closing.is_set():
            self._handle_request_noblock()

    def process_request(self, request: socket.socket, client_address: object) -> None:
        thread = threading.Thread(
            target=self.process_request_thread, args=(request, client_address), daemon=True
        )
        # Only this thread and, when it has ended, `close` come here: no lock needed.
        self._open = {known: by for known, by in self._open.items() if by.is_alive()}
        self._open[request] = thread
        thread.start()

    def handle_error(self, request: object, client_address: object) -> None:
        """Browsers break off connections all the time; our own mistakes are answered with 500."""

    def close(self) -> None:
        """Ends all connections, also those that hang, and their threads."""
        self.closing.set()
        self.socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._thread.join()
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._open.values():
            thread.join(5)
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def do_GET(self) -> None:
        self._serve()

    do_HEAD = do_POST = do_GET

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length") or 0))
        try:
            answer = self.server.respond(self.command, self.path, headers, body)
        except Exception as wrong:
            answer = Answer(f"replica: {wrong!r}".encode(), 500, "text/plain; charset=utf-8")
        if answer.hang_seconds is not None:
            self.server.closing.wait(answer.hang_seconds)
            self.close_connection = True
            return
        if self.server.latency_seconds:
            self.server.closing.wait(self.server.latency_seconds)
        self.send_response(answer.status)
        self.send_header("content-type", answer.content_type)
        self.send_header("content-length", str(len(answer.body)))
        # Without it Chromium keeps a 410 for ever and asks no more.
        self.send_header("cache-control", "no-store")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        content = b"" if self.command == "HEAD" else answer.body
        if answer.drop:
            content = content[: len(content) // 2]
            self.close_connection = True
        self._headers_buffer.append(b"\r\n" + content)  # one write, one packet
        self.flush_headers()

    def log_message(self, *_: object) -> None:
        """Nothing on standard error; the replica keeps its own log."""
