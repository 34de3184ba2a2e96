"""One incoming update: heard by the conversation, answered in its chat."""

import asyncio
from dataclasses import replace

import stamina
import structlog
from telegram.error import RetryAfter

from bot.boards import Boards
from bot.bridge import Bridge
from bot.conversation.events import MAX_FILE, Event, File, Platform, Press, Reaction, Silent
from bot.conversation.reply import Reply
from bot.conversation.texts import language_of, say
from bot.hearing import Unavailable
from bot.telegram.errors import Unreachable
from bot.telegram.pace import Pace
from bot.telegram.render import MAX_NOTICE, Outgoing, length, render
from bot.telegram.sending import Sender, passing
from bot.telegram.updates import Incoming, Me

log = structlog.get_logger()

Heard = asyncio.Future[Reply | None]


class Handler:
    """Turns an Incoming into the conversation's answer, and the answer into messages."""

    def __init__(self, bridge: Bridge, sender: Sender, me: Me, pace: Pace) -> None:
        self._bridge = bridge
        self._sender = sender
        self._me = me
        self._pace = pace
        self._boards = Boards()

    async def handle(self, incoming: Incoming, *, again: bool = False) -> bool:
        """Hears and answers; True when it is done with, False when the next start is to try again.

        Only an answer that the network would not take, for very long, is worth that.
        """
        with self._bridge.answering(Platform.TELEGRAM):
            return await self._handle(incoming, again)

    async def _handle(self, incoming: Incoming, again: bool) -> bool:
        if incoming.query_id is None:
            return await self._converse(incoming, self._future(), again)
        heard = self._future()
        async with asyncio.TaskGroup() as group:
            seconds = self._pace.inline_toast_seconds if incoming.inline else None
            group.create_task(self._toast(incoming.query_id, heard, seconds))
            return await self._converse(incoming, heard, again)

    async def apologise(self, incoming: Incoming) -> None:
        """Says that the database is away, as a toast to a press and as a message otherwise."""
        event, notice = incoming.event, ""
        if event is not None:
            apology = self._bridge.hearing.apology(event.speaker)  # needs no thread
            notice = apology.notice or apology.text
        if incoming.query_id is not None:
            await self._sender.answer(incoming.query_id, notice)
        elif event is not None:
            async with self._bridge.turn(event.speaker):
                await self._deliver_calmly(apology, incoming, event)

    async def _toast(self, query_id: str, heard: Heard, seconds: float | None = None) -> None:
        """Answers the press once: with the notice if it is there soon, else with nothing.

        Telegram takes one answer for each press and lets the button spin until it has it. A
        reply that is slow must not leave it spinning; its notice then shows in the edited message,
        or becomes a message where it is all there is to say.
        """
        await asyncio.wait({heard}, timeout=seconds or self._pace.toast_seconds)
        in_time = not heard.cancel()  # cancelled means: too late for a toast
        reply = heard.result() if in_time else None
        await self._sender.answer(query_id, reply.notice if reply else "")

    async def _converse(self, incoming: Incoming, heard: Heard, again: bool) -> bool:
        event = incoming.event
        if event is None:
            heard.set_result(None)
            return True
        # The turn lasts until the answer is out: a reader's answers come in the order of events.
        async with self._bridge.turn(event.speaker):
            event = await self._fetched(incoming, event)
            reply = await self._hear(event, again)
            if incoming.inline:
                # There is no chat of ours to say more in, whatever there was to say.
                if not heard.done():
                    heard.set_result(reply and Reply(notice=reply.notice or reply.text))
                return True
            if again and reply is not None and reply.for_all and reply.replaces:
                # Others may have changed since then what is everybody's: theirs is later.
                reply = Reply(notice=reply.notice, private=True)
            if isinstance(event.said, Press):
                self._boards.heard(event.said.message, reply)
            if not heard.done():
                reply = _whispered(reply, event)
                heard.set_result(reply)
            elif reply is not None and not (
                reply.text or reply.cards or reply.document or reply.picture
            ):
                reply = Reply(reply.notice, private=True)  # too late for a toast, but not unsaid
            return reply is None or await self._deliver_calmly(reply, incoming, event)

    async def _fetched(self, incoming: Incoming, event: Event) -> Event:
        """The event with what is in the file that was sent, unless it is too large to be a list."""
        sent = event.said
        if not isinstance(sent, File) or incoming.file_id is None or sent.size > MAX_FILE:
            return event
        return replace(
            event, said=replace(sent, content=await self._sender.fetch(incoming.file_id, MAX_FILE))
        )

    async def _hear(self, event: Event, again: bool) -> Reply | None:
        async for attempt in stamina.retry_context(
            on=Unavailable,  # only what is silent: nobody sees an apology for it, so it must count
            attempts=None,
            timeout=None,
            **self._pace.retries(),
        ):
            with attempt:
                try:
                    return await self._bridge.hear(event, again=again)
                except Unavailable:
                    if isinstance(event.said, Silent):
                        raise
                except Exception:
                    log.exception("telegram.hearing_failed", key=event.key)
        if isinstance(event.said, Silent):
            return None
        return self._bridge.hearing.apology(event.speaker)

    async def _deliver_calmly(self, reply: Reply, incoming: Incoming, event: Event) -> bool:
        try:
            await self._deliver(reply, incoming, event)
        except Unreachable as error:
            log.info("telegram.chat_closed", key=event.key, error=str(error))
        except Exception as error:
            if passing(error) or isinstance(error, RetryAfter):
                log.warning("telegram.answer_delayed", key=event.key, error=str(error))
                return False
            # A fault of ours would not mend itself: done with, or every start would repeat it.
            log.exception("telegram.answer_failed", key=event.key)
        return True

    async def _deliver(self, reply: Reply, incoming: Incoming, event: Event) -> None:
        shared, said = event.place.shared, event.said
        if not isinstance(said, Press | Reaction) and not (
            reply.text or reply.cards or reply.picture
        ):
            reply = Reply(reply.notice, document=reply.document, private=reply.private)
        if shared and reply.private:
            await self._deliver_privately(reply, incoming, event)
            return
        together = shared or reply.together
        messages = await self._drawn(render(reply, together=together, sharing=self._me.inline))
        chat_id, pressed = incoming.chat_id, incoming.message_id
        if reply.replaces and messages and pressed and isinstance(said, Press | Reaction):
            async with self._boards.turn(said.message, reply) as latest:
                if latest:
                    name = await self._sender.edit(
                        chat_id,
                        pressed,
                        messages[0],
                        thread_id=incoming.thread_id,
                        rank=incoming.rank,
                    )
                    await self._remember(messages[0].impressions, name)
            messages = messages[1:]
        quote = incoming.message_id if shared else None
        for message in messages:
            name = await self._sender.send(
                chat_id, message, quote=quote, thread_id=incoming.thread_id, rank=incoming.rank
            )
            await self._remember(message.impressions, name)
            quote = None  # a slate in several messages quotes once
        if reply.document is not None:
            await self._sender.send_document(
                chat_id,
                reply.document,
                quote=quote,
                thread_id=incoming.thread_id,
                rank=incoming.rank,
            )

    async def _deliver_privately(self, reply: Reply, incoming: Incoming, event: Event) -> None:
        """Answers a group's question in the reader's own chat; a user's chat has the user's id."""
        reader, rank = incoming.user_id, incoming.rank
        try:
            messages = render(reply, together=reply.together, sharing=self._me.inline)
            for message in await self._drawn(messages):
                name = await self._sender.send(reader, message, rank=rank)
                await self._remember(message.impressions, name)
            if reply.document is not None:
                await self._sender.send_document(reader, reply.document, rank=rank)
        except Unreachable:
            text = say(
                language_of(event.speaker.language),
                "telegram.open_private",
                link=self._me.home,
            )
            for message in render(Reply(text)):
                await self._sender.send(
                    incoming.chat_id,
                    message,
                    quote=incoming.message_id,
                    thread_id=incoming.thread_id,
                    rank=rank,
                )

    async def _drawn(self, messages: tuple[Outgoing, ...]) -> tuple[Outgoing, ...]:
        """The messages with their pictures; one that cannot be drawn has its words alone."""
        return tuple(
            [
                replace(m, photo=await self._bridge.draw(m.picture) or b"") if m.picture else m
                for m in messages
            ]
        )

    async def _remember(self, impressions: tuple[int, ...], name: str) -> None:
        """Notes which message shows a card, so that reactions to it count; best effort."""
        if not impressions:
            return
        retrying = stamina.AsyncRetryingCaller(
            attempts=None,
            timeout=self._pace.send_seconds,
            **self._pace.retries(),
        )
        delivered = self._bridge.hearing.delivered
        try:
            await retrying(Unavailable, self._bridge.run, delivered, impressions, name)
        except Unavailable:
            log.warning("telegram.card_forgotten", message=name)

    @staticmethod
    def _future() -> Heard:
        return asyncio.get_running_loop().create_future()


def _whispered(reply: Reply | None, event: Event) -> Reply | None:
    """The reply to a press in a group as a toast, if it is a word for the speaker's eyes only."""
    if reply is None or not (event.place.shared and isinstance(event.said, Press)):
        return reply
    more = reply.notice or reply.cards or reply.buttons or reply.document or reply.picture
    if more or not reply.private or length(reply.text) > MAX_NOTICE:
        return reply
    return Reply(notice=reply.text, private=True)
