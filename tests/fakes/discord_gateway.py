"""The gateway half of the fake Discord: sessions, heartbeats, replays and hang-ups."""

import asyncio
import json
import zlib

import aiohttp
from aiohttp import web

PRIVILEGED = 1 << 1 | 1 << 8 | 1 << 15  # members, presences, message content
GUILDS, GUILD_REACTIONS, DM_REACTIONS = 1 << 0, 1 << 10, 1 << 13

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11


class Line:
    """Carries payloads to one connection, from whichever thread."""

    def __init__(self, loop):
        self._loop = loop
        self.queue = asyncio.Queue()

    def put(self, payload):
        self._loop.call_soon_threadsafe(self.queue.put_nowait, payload)


class Session:
    """One identified session; what it was sent is kept, so that it can be resumed."""

    def __init__(self, session_id, intents):
        self.id = session_id
        self.intents = intents
        self.events = []  # payloads with their sequence number
        self.line = None  # the connection it is on, if any

    def send(self, kind, data):
        event = {"op": DISPATCH, "t": kind, "s": len(self.events) + 1, "d": data}
        self.events.append(event)
        if self.line is not None:
            self.line.put(event)


class Gateway:
    """Speaks the gateway's protocol to whoever connects; all of it on the server's own loop."""

    def __init__(self, token, changed, welcome):
        self._token = token
        self._changed = changed  # the server's condition, told of everything that happens
        self._welcome = welcome  # session -> the events that follow IDENTIFY
        self.sessions = []
        self.sockets = []
        self.identifies = []  # each IDENTIFY's data, token left out
        self.resumes = []  # (session id, sequence) of each RESUME
        self.close_codes = []  # given by clients
        self.heartbeats = 0
        self.acknowledges = True  # set False to fall silent
        self.takes_resumes = True
        self.refuses = False  # set True to answer connections with 503
        self.refused = 0
        self.heartbeat_seconds = 41.25
        self.close_identify_with = None  # a code to close with instead of READY

    @property
    def connected(self):
        """The session that a bot is connected with, if any."""
        return next((s for s in reversed(self.sessions) if s.line is not None), None)

    def dispatch(self, kind, data, intents=0):
        """Sends an event to the newest session, or keeps it for when that one is resumed."""
        if self.sessions and self.sessions[-1].intents & intents == intents:
            self.sessions[-1].send(kind, data)

    def ask_to_reconnect(self):
        self.connected.line.put({"op": RECONNECT, "d": None})

    def invalidate(self, *, resumable=False):
        if not resumable:
            self.sessions[-1].id = "invalidated"
        self.connected.line.put({"op": INVALID, "d": resumable})

    async def hang_up(self, code=None):
        """Closes every connection: with `code`, or by cutting the line."""
        for socket, request in list(self.sockets):
            if code is not None:
                await socket.close(code=code)
            elif request.transport is not None:  # else the client has just left by itself
                request.transport.abort()

    async def talk(self, request):
        """Handles one connection from HELLO to its end."""
        if self.refuses:
            self.refused += 1
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append((socket, request))
        line = Line(asyncio.get_running_loop())
        packed = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        sending = asyncio.create_task(self._send(socket, line, packed))
        interval = round(self.heartbeat_seconds * 1000)
        line.put({"op": HELLO, "d": {"heartbeat_interval": interval}})
        try:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    await self._take(socket, line, json.loads(message.data))
                with self._changed:
                    self._changed.notify_all()
        finally:
            sending.cancel()
            with self._changed:
                self.sockets.remove((socket, request))
                self.close_codes.append(socket.close_code)
                for session in self.sessions:
                    if session.line is line:
                        session.line = None
                self._changed.notify_all()
        return socket

    async def _send(self, socket, line, packed):
        while True:
            text = json.dumps(await line.queue.get())
            if packed is None:
                await socket.send_str(text)
            else:
                data = packed.compress(text.encode()) + packed.flush(zlib.Z_SYNC_FLUSH)
                await socket.send_bytes(data)

    async def _take(self, socket, line, payload):
        data = payload["d"]
        match payload["op"]:
            case 1:
                self.heartbeats += 1
                if self.acknowledges:
                    line.put({"op": ACK})
            case 2:
                await self._identify(socket, line, dict(data))
            case 6:
                await self._resume(socket, line, data)

    async def _identify(self, socket, line, data):
        token = data.pop("token")
        with self._changed:
            self.identifies.append(data)
        if token != self._token:
            await socket.close(code=4004, message=b"Authentication failed.")
        elif data["intents"] & PRIVILEGED:
            await socket.close(code=4014, message=b"Disallowed intent(s).")
        elif self.close_identify_with:
            await socket.close(code=self.close_identify_with)
        else:
            session = Session(f"session-{len(self.sessions) + 1}", data["intents"])
            with self._changed:
                self.sessions.append(session)
                session.line = line
                for kind, event in self._welcome(session):
                    session.send(kind, event)

    async def _resume(self, socket, line, data):
        with self._changed:
            self.resumes.append((data["session_id"], data["seq"]))
        session = next((s for s in self.sessions if s.id == data["session_id"]), None)
        if data["token"] != self._token:
            await socket.close(code=4004, message=b"Authentication failed.")
        elif session is None or not self.takes_resumes:
            line.put({"op": INVALID, "d": False})
        else:
            for event in session.events[data["seq"] :]:
                line.put(event)
            with self._changed:
                session.line = line
                session.send("RESUMED", {"_trace": []})
