"""The command menus, in every language we speak; written only when they would change."""

import structlog
from telegram import BotCommand
from telegram.constants import BotCommandLimit
from telegram.error import TelegramError

from bot.conversation.commands import COMMANDS
from bot.conversation.texts import Language, say
from bot.telegram.errors import Unreachable
from bot.telegram.render import cut
from bot.telegram.sending import Sender

log = structlog.get_logger()

# The default menu is for everyone whose language has none of its own.
_MENUS: tuple[tuple[str | None, Language], ...] = (
    (None, Language.ENGLISH),
    ("ko", Language.KOREAN),
)


def menu(language: Language) -> list[BotCommand]:
    """The commands a menu shows, described in `language`."""
    longest = int(BotCommandLimit.MAX_DESCRIPTION)
    return [
        BotCommand(spec.name, cut(say(language, f"command.{spec.name}"), longest))
        for spec in COMMANDS
        if spec.menu
    ]


async def publish(sender: Sender) -> None:
    """Brings Telegram's menus up to date; a failure is logged, as the bot works without them."""
    try:
        for code, language in _MENUS:
            await _publish(sender, code, menu(language))
    except (TelegramError, Unreachable) as error:
        log.warning("telegram.menus_unpublished", error=str(error))


async def _publish(sender: Sender, code: str | None, wanted: list[BotCommand]) -> None:
    bot = sender.bot
    shown = await sender.call(lambda: bot.get_my_commands(language_code=code))
    if [command.to_dict() for command in shown] != [command.to_dict() for command in wanted]:
        await sender.call(lambda: bot.set_my_commands(wanted, language_code=code))
