"""Being called by Telegram: each update is kept durably before its call is answered."""

import asyncio
import hmac
import json
from dataclasses import dataclass
from http import HTTPStatus

import structlog
from aiohttp import web

from bot.bridge import Bridge
from bot.conversation.events import Platform
from bot.hearing import Unavailable
from bot.telegram.errors import BadHook
from bot.telegram.hook import Hook
from bot.telegram.intake import Intake, RawUpdate

log = structlog.get_logger()

HEADER = "X-Telegram-Bot-Api-Secret-Token"
MAX_BYTES = 2**20
_ENDING_SECONDS = 1.0  # for calls that are being answered when we are told to stop


@dataclass(frozen=True, slots=True)
class _Call:
    """An update that somebody waits to hear is kept."""

    update: RawUpdate
    kept: asyncio.Future[bool]


class Webhook:
    """An HTTP server for Telegram's calls, and for whoever asks whether we are well."""

    def __init__(self, hook: Hook, bridge: Bridge, intake: Intake) -> None:
        self._hook, self._bridge, self._intake = hook, bridge, intake
        self._secret = hook.secret.get_secret_value().encode()
        self._calls: list[_Call] = []
        self._keeping = asyncio.Lock()
        self._closing = False
        app = web.Application(client_max_size=MAX_BYTES)
        app.router.add_get("/healthz", self._health)
        app.router.add_post("/{path:.*}", self._called)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_ENDING_SECONDS)

    async def open(self) -> None:
        """Listens. Raises BadHook where that cannot be."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._hook.host, self._hook.port).start()
        except OSError as error:
            message = f"TELEGRAM_WEBHOOK_LISTEN: nobody can listen there: {error.strerror}."
            raise BadHook(message) from error
        host, port = self._runner.addresses[0][:2]
        log.info("telegram.listening", address=f"{host}:{port}", path=self._hook.path)

    async def close(self) -> None:
        """Takes nothing more; what is being taken is still answered."""
        self._closing = True
        await self._runner.cleanup()

    async def keep(self, update: RawUpdate) -> bool:
        """Whether the update now is in the database, to be answered by us or by somebody."""
        call = _Call(update, asyncio.get_running_loop().create_future())
        self._calls.append(call)
        async with self._keeping:  # what came in order is begun in order
            if not call.kept.done():
                await self._keep_all()
        return call.kept.result()

    async def _called(self, request: web.Request) -> web.Response:
        if request.rel_url.raw_path != self._hook.path:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        shown = request.headers.get(HEADER, "").encode(errors="surrogateescape")
        if not hmac.compare_digest(shown, self._secret):
            log.warning("telegram.stranger", peer=request.remote)
            return web.Response(status=HTTPStatus.FORBIDDEN)
        update = _update(await request.read())  # raises the 413 for more than MAX_BYTES
        if update is None:
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        if self._intake.inquired(update):
            return web.Response()
        kept = not self._closing and await self.keep(update)
        return web.Response(status=HTTPStatus.OK if kept else HTTPStatus.SERVICE_UNAVAILABLE)

    async def _keep_all(self) -> None:
        """One commit for all who wait for one."""
        calls, self._calls = self._calls, []
        calls.sort(key=lambda call: int(call.update["update_id"]))
        kept = False
        try:
            fresh = self._intake.read(call.update for call in calls)
            new = await self._intake.keep(fresh)
            kept = True
            for key in new:
                await self._intake.start(fresh[key][0])
        except Unavailable as error:  # Telegram calls again
            log.error("telegram.database_away", updates=len(calls), reason=str(error))
        finally:
            for call in calls:
                call.kept.set_result(kept)

    async def _health(self, _: web.Request) -> web.Response:
        try:
            await self._bridge.run(self._bridge.hearing.unanswered, Platform.TELEGRAM)
        except Unavailable:
            return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, text="database away\n")
        return web.Response(text="ok\n")


def _update(body: bytes) -> RawUpdate | None:
    try:
        update = json.loads(body)
    except (ValueError, RecursionError):
        return None
    known = isinstance(update, dict) and type(update.get("update_id")) is int
    return update if known else None
