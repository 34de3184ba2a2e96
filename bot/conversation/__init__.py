"""What is said and done in a chat, whatever the chat: synchronous, no platform, no event loop."""
