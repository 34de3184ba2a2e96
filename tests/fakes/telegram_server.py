"""A Bot API server over a real socket, and the people who talk to the bot through it.

It runs in a thread of its own, so that a bot can be tested from the same process or from another:

    with TelegramServer() as telegram:
        mina = telegram.user("Mina", language="ko")
        telegram.say(mina, "/start")
        welcome = telegram.wait_for_message(mina)
"""

import asyncio
import io
import json
import re
import threading
import time
from itertools import count
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from PIL import Image

from tests.fakes.telegram_html import BadHtml, parse_html, utf16
from tests.fakes.telegram_limits import TOO_LATE, UNMODIFIED, Refused, keyboard, said_in
from tests.fakes.telegram_limits import demand as _demand
from tests.fakes.telegram_world import Call, Fault, Message, World


class TelegramServer(World):
    def __init__(self, **world):
        super().__init__(**world)
        self.port = 0
        self._polls = 0
        self._thread: threading.Thread | None = None

    # The server

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Listens; after a stop, on the same port and with all that was said before."""
        ready = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=[self._main(ready)], daemon=True)
        self._thread.start()
        assert ready.wait(10), "the Bot API server did not start"

    def stop(self):
        if self._thread:
            self._loop.call_soon_threadsafe(self._closing.set)
            self._thread.join(10)
            self._thread = None

    async def _main(self, ready):
        self._loop, self._closing, self._news = (
            asyncio.get_running_loop(),
            asyncio.Event(),
            asyncio.Event(),
        )
        app = web.Application(client_max_size=60 * 2**20)
        app.router.add_route("*", "/bot{token}/{method}", self._serve)
        app.router.add_get("/file/bot{token}/documents/{file_id}", self._download)
        runner = web.AppRunner(
            app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None
        )
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        ready.set()
        calling = asyncio.create_task(self._call_webhook())
        await self._closing.wait()
        calling.cancel()
        await asyncio.gather(calling, return_exceptions=True)
        await runner.cleanup()

    async def _call_webhook(self):
        """Delivers what is new to the replicas behind the webhook, in turn, until one takes it."""
        async with (
            ClientSession(timeout=ClientTimeout(10)) as session,
            asyncio.TaskGroup() as group,
        ):
            while True:
                news, batch = self._news, []
                with self._changed:
                    if self.webhook and self.replicas:
                        batch = self._extra + self._queue
                        self._extra, self._queue = [], []
                for update in batch:
                    group.create_task(self._deliver(session, update))
                await news.wait()

    async def _deliver(self, session, update):
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret} if self.secret else {}
        path = urlsplit(self.webhook).path
        for tries in count():
            with self._changed:
                replica = self.replicas[(update["update_id"] + tries) % len(self.replicas)]
            try:
                async with session.post(replica + path, json=update, headers=headers) as response:
                    status = response.status
            except (ClientError, TimeoutError):
                status = 0
            with self._changed:
                self.deliveries.append((update["update_id"], replica, status))
                self._changed.notify_all()
            if status == 200:
                return
            await asyncio.sleep(0.05)

    async def _serve(self, request):
        params = await self._params(request)
        call = Call(request.match_info["method"], params, time.monotonic())
        with self._changed:
            self.calls.append(call)
            faults = self._faults[call.method.lower()]
            fault = faults.popleft() if faults else Fault()
            self._changed.notify_all()
        try:
            if request.match_info["token"] != self.token:
                raise Refused(401, "Unauthorized")
            if fault.hang_seconds:
                await asyncio.sleep(fault.hang_seconds)
            if fault.status:
                raise Refused(fault.status, fault.description, fault.parameters)
            self.flood.demand_patience(call)
            result = await self._carry_out(call.method.lower(), params)
        except BadHtml as error:
            response = self._refusal(Refused(400, str(error)))
        except Refused as error:
            response = self._refusal(error)
        else:
            if fault.lost:
                request.transport.close()
            await asyncio.sleep(fault.late_seconds)
            response = web.json_response({"ok": True, "result": result})
        with self._changed:
            call.status = response.status
            self._changed.notify_all()
        return response

    async def _download(self, request):
        """A file that getFile told the path of; the address has the token in it."""
        call = Call("(download)", dict(request.match_info), time.monotonic())
        with self._changed:
            self.calls.append(call)
            faults = self._faults["(download)"]
            fault = faults.popleft() if faults else Fault()
            file = self.files.get(request.match_info["file_id"])
            self._changed.notify_all()
        if fault.hang_seconds:
            await asyncio.sleep(fault.hang_seconds)
        known = request.match_info["token"] == self.token and file
        call.status = fault.status or (200 if known else 404)
        if call.status != 200:
            return self._refusal(Refused(call.status, fault.description or "Not Found"))
        return web.Response(body=file["content"], content_type="application/octet-stream")

    @staticmethod
    def _refusal(error):
        if error.status == 502:  # comes from the proxy in front of the real one
            page = "<html><body>502 Bad Gateway</body></html>"
            return web.Response(text=page, status=502, content_type="text/html")
        body = {"ok": False, "error_code": error.status, "description": error.description}
        if error.parameters:
            body["parameters"] = error.parameters
        return web.json_response(body, status=error.status)

    @staticmethod
    async def _params(request):
        params = dict(request.query)
        if request.content_type == "application/json":
            return params | await request.json()
        for name, value in (await request.post()).items():
            params[name] = _file(value) if isinstance(value, web.FileField) else value
        return params

    async def _carry_out(self, method, params):
        if method == "getupdates":
            return await self._get_updates(params)
        work = getattr(self, f"_do_{method}", None)
        if work is None:
            raise Refused(404, "Not Found: method not found")
        with self._changed:
            return work(params)

    # What the bot asks of it

    async def _get_updates(self, params):
        offset, limit = int(params.get("offset") or 0), int(params.get("limit") or 100)
        if not 1 <= limit <= 100:
            limit = 100
        end = self._loop.time() + min(int(params.get("timeout") or 0), 50)
        with self._changed:
            if self.webhook:
                said = "can't use getUpdates method while webhook is active; use deleteWebhook"
                raise Refused(409, f"Conflict: {said} to delete the webhook first")
            if "allowed_updates" in params:
                self.allowed = json.loads(params["allowed_updates"]) or None
            if self._forgetful and offset:
                self._forgetful, offset = self._forgetful - 1, 0
            if offset > 0:
                self._queue = [u for u in self._queue if u["update_id"] >= offset]
                self.confirmed = max(self.confirmed, offset - 1)
                self._changed.notify_all()
            self._polls += 1
            number = self._polls
        self._wake()  # an earlier poll that still waits is told to go
        while True:
            news = self._news
            with self._changed:
                batch = (self._extra + self._queue)[:limit]
                self._extra = self._extra[len(batch) :]
            if batch or self._loop.time() >= end:
                return batch
            try:
                await asyncio.wait_for(news.wait(), end - self._loop.time())
            except TimeoutError:
                continue
            if number != self._polls:
                said = "terminated by other getUpdates request; make sure that only one bot"
                raise Refused(409, f"Conflict: {said} instance is running")

    def _do_getme(self, params):
        able = {"can_join_groups": True, "supports_inline_queries": self.inline}
        return self.bot.json() | {"username": self.username} | able

    def _do_deletewebhook(self, params):
        self.webhook = ""
        return True

    def _do_setwebhook(self, params):
        self.webhook = params["url"]
        self.secret = params.get("secret_token")
        self.allowed = json.loads(params.get("allowed_updates", "[]")) or None
        self._wake()
        return True

    def _do_getwebhookinfo(self, params):
        info = {"url": self.webhook, "has_custom_certificate": False, "pending_update_count": 0}
        failed = [known for known in self.deliveries if known[2] != 200]
        if failed:
            info["last_error_date"] = int(time.time())
            info["last_error_message"] = f"Wrong response from the webhook: {failed[-1][2]}"
        return info

    def _do_getmycommands(self, params):
        return self.commands.get(params.get("language_code", ""), [])

    def _do_setmycommands(self, params):
        commands = json.loads(params["commands"])
        _demand(len(commands) <= 100, "BOT_COMMANDS_TOO_MUCH")
        for command in commands:
            named = re.fullmatch(r"[a-z0-9_]{1,32}", command["command"])
            _demand(named, "BOT_COMMAND_INVALID")
            _demand(1 <= len(command["description"]) <= 256, "BOT_COMMAND_DESCRIPTION_INVALID")
        self.commands[params.get("language_code", "")] = commands
        return True

    def _do_getfile(self, params):
        file_id = params["file_id"]
        file = self.files.get(file_id)
        _demand(file, "wrong file_id or the file is temporarily unavailable")
        size = file.get("file_size", len(file["content"]))
        _demand(size <= 20 * 2**20, "file is too big")
        own = {"file_id": file_id, "file_unique_id": f"u{file_id}", "file_size": size}
        return own | {"file_path": f"documents/{file_id}"}

    def _do_sendmessage(self, params):
        chat = self._writable(params)
        message = Message(chat, next(self._message_ids[chat.id]), self.bot)
        self._fill(message, params)
        return self._post(message, params)

    def _do_senddocument(self, params):
        chat = self._writable(params)
        file = (
            params.get(params["document"].removeprefix("attach://"))
            if isinstance(params["document"], str)
            else params["document"]
        )
        _demand(file["content"], "file must be non-empty")
        _demand(utf16(params.get("caption", "")) <= 1024, "message caption is too long")
        message = Message(chat, next(self._message_ids[chat.id]), self.bot, document=file)
        return self._post(message, params)

    def _do_sendphoto(self, params):
        chat = self._writable(params)
        message = Message(chat, next(self._message_ids[chat.id]), self.bot)
        self._picture(message, params, params["photo"], params)
        return self._post(message, params)

    def _do_editmessagemedia(self, params):
        """Also of a text, which then becomes the picture's message."""
        chat, media = self._writable(params), json.loads(params["media"])
        message = self._messages.get((chat.id, int(params["message_id"])))
        _demand(message, "message to edit not found")
        _demand(message.sender == self.bot and media["type"] == "photo", "message can't be edited")
        before = message.text
        self._picture(message, media, media["media"], params)
        message.earlier.append(before)
        return message.json()

    def _picture(self, message, captioned, photo, params):
        """Fills `message` with an uploaded photo, its caption and its buttons."""
        if isinstance(photo, str):
            photo = params.get(photo.removeprefix("attach://"))
        _demand(photo and photo["content"], "there is no photo in the request")
        _demand(len(photo["content"]) <= 10 * 2**20, "file is too big")
        try:
            size = Image.open(io.BytesIO(photo["content"])).size
        except OSError:
            raise Refused(400, "Bad Request: IMAGE_PROCESS_FAILED") from None
        fits = sum(size) <= 10_000 and max(size) <= 20 * min(size)
        _demand(fits, "PHOTO_INVALID_DIMENSIONS")
        text, entities = captioned.get("caption", ""), []
        if captioned.get("parse_mode") == "HTML":
            text, entities = parse_html(text)
        _demand(utf16(text) <= 1024, "message caption is too long")
        message.text, message.entities, message.preview = text.strip(), entities, {}
        message.photo = photo | {"size": dict(zip(("width", "height"), size, strict=True))}
        message.rows = keyboard(json.loads(params.get("reply_markup", "{}")), inline=self.inline)

    def _do_editmessagetext(self, params):
        chat = self._writable(params)
        message = self._messages.get((chat.id, int(params["message_id"])))
        _demand(message, "message to edit not found")
        _demand(message.sender == self.bot and not message.document, "message can't be edited")
        _demand(not message.photo, "there is no text in the message to edit")
        before = (message.text, message.entities, message.rows)
        new = Message(chat, message.message_id, self.bot)
        self._fill(new, params)
        if before == (new.text, new.entities, new.rows):
            raise Refused(400, UNMODIFIED)
        message.earlier.append(message.text)
        message.text, message.entities, message.rows = new.text, new.entities, new.rows
        message.preview = new.preview
        return message.json()

    def _do_answercallbackquery(self, params):
        query = params["callback_query_id"]
        self.answer_counts[query] += 1
        if query not in self.answers or self.answer_counts[query] > 1:
            raise Refused(400, TOO_LATE)
        text = params.get("text")
        _demand(utf16(text or "") <= 200, "MESSAGE_TOO_LONG")
        self.answers[query] = text
        return True

    def _fill(self, message, params):
        message.text, message.entities = said_in(params)
        message.preview = json.loads(params.get("link_preview_options", "{}"))
        message.rows = keyboard(json.loads(params.get("reply_markup", "{}")), inline=self.inline)

    def _post(self, message, params):
        quoting = json.loads(params.get("reply_parameters", "{}"))
        if quoting:
            message.reply_to = self._messages.get((message.chat.id, quoting["message_id"]))
            allowed = quoting.get("allow_sending_without_reply")
            _demand(message.reply_to or allowed, "message to be replied not found")
        message.thread_id = int(params.get("message_thread_id", 0)) or None
        topic = (message.chat.id, message.thread_id)
        _demand(topic not in self._topics_gone, "message thread not found")
        self._messages[message.chat.id, message.message_id] = message
        self.sent.append(message)
        return message.json()

    def _writable(self, params):
        number = int(params["chat_id"])
        chat = self._chats.get(number)
        _demand(chat, "chat not found")
        if number in self._kicked:
            raise Refused(403, f"Forbidden: bot was kicked from the {chat.type} chat")
        if number in self._blocked:
            raise Refused(403, "Forbidden: bot was blocked by the user")
        if number not in self._open:
            raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
        return chat

    def _wake_soon(self):
        if self._thread:
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self):
        self._news.set()
        self._news = asyncio.Event()


def _file(part):
    content = part.file.read()
    return {"file_name": part.filename, "mime_type": part.content_type, "content": content}
