"""The Discord adapter: interactions and reactions in, messages out; the conversation decides."""

import warnings

with warnings.catch_warnings():
    # The library's voice code, which we never use, imports the deprecated audioop. Importing it
    # here first keeps the warning from whoever runs the bot with warnings switched on.
    warnings.filterwarnings(
        "ignore", message="'audioop' is deprecated", category=DeprecationWarning
    )
    import discord

# The same voice code would have every start-up log say that its optional libraries are missing.
discord.VoiceClient.warn_nacl = False
discord.VoiceClient.warn_dave = False
