"""The Telegram adapter: updates in, messages out; every decision is the conversation's."""
