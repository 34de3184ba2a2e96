"""What ends the Discord bot for good.

DiscordError
├── BadToken            the token is empty, malformed or refused
├── PrivilegedIntents   Discord asks for an intent that the bot has not been granted
├── NotDiscord          the API address answers, but not like Discord
├── Refused             the gateway closed with a code after which trying again is useless
└── Unreachable         Discord is away; the only one that is tried again
"""

from bot.addresses import shown


class DiscordError(Exception):
    """The family's head; every message is one sentence for the operator."""


class BadToken(DiscordError):
    """Discord does not take the token."""

    def __init__(self) -> None:
        super().__init__(
            "Discord refused DISCORD_TOKEN; expected the bot token shown in the Developer Portal."
        )


class PrivilegedIntents(DiscordError):
    """The gateway closed with 4014."""

    def __init__(self) -> None:
        super().__init__(
            "Discord refused the bot's intents (4014); expected an application that may use the "
            "guild and reaction intents, so check its Bot page in the Developer Portal."
        )


class NotDiscord(DiscordError):
    """Something else than Discord's API answers at the address."""

    def __init__(self, api_url: str, found: str) -> None:
        super().__init__(
            f"DISCORD_API_URL {shown(api_url)} {found}; expected Discord's API or a proxy of it, "
            "such as https://discord.com/api/v10."
        )


class Refused(DiscordError):
    """The gateway closed with a code that reconnecting does not mend."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"Discord's gateway closed the connection for good with code {code}.")


class Unreachable(DiscordError):
    """Discord could not be reached, or answered that it cannot serve just now."""
