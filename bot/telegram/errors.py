"""What can go wrong at the Telegram door.

TelegramDoorError
├── BadToken      the Bot API does not know the token: nothing will work until it is changed
├── BadAddress    the Bot API's address is no http(s) address
├── BadHook       a webhook was asked for, and what is set for it cannot work
└── Unreachable   this one chat takes no message from us: blocked, left, never opened
"""


class TelegramDoorError(Exception):
    """Base of all errors of this package; the message is one sentence for the operator."""


class BadToken(TelegramDoorError):
    """The Bot API answered 401 or 404 to the token."""


class BadAddress(TelegramDoorError):
    """TELEGRAM_API_URL is not an address that can be asked."""


class BadHook(TelegramDoorError):
    """One of the TELEGRAM_WEBHOOK_ settings is missing or cannot be what it should be."""


class Unreachable(TelegramDoorError):
    """A chat that takes no message from us; no fault of ours and nothing to retry."""
