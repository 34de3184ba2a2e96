"""Telegram's HTML as the Bot API reads it: the text that remains, its entities, or a refusal."""

import re

TAGS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
}
NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
TOKEN = re.compile(
    r"<(?P<slash>/?)(?P<tag>[a-zA-Z][a-zA-Z0-9-]*)(?P<attributes>[^<>]*)>"
    r"|&(?:(?P<named>lt|gt|amp|quot)|#(?P<decimal>\d+)|#x(?P<hex>[0-9a-fA-F]+));"
    r"|(?P<text>[^<&]+)|(?P<stray>[<&])"
)


class BadHtml(Exception):
    """The description that the Bot API gives with its 400."""


def utf16(text):
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def parse_html(html):
    """(text, entities) with offsets and lengths in UTF-16 units.

    Stricter than the real one in one thing: that lets a stray & through, which works until a
    title happens to read like an entity.
    """
    text, entities, stack = "", [], []
    for token in TOKEN.finditer(html):
        if token["text"]:
            text += token["text"]
        elif token["named"]:
            text += NAMED[token["named"]]
        elif token["decimal"] or token["hex"]:
            text += chr(int(token["decimal"] or token["hex"], 10 if token["decimal"] else 16))
        elif token["stray"]:
            _refuse(f'unescaped "{token["stray"]}"', html, token.start())
        else:
            tag = token["tag"].lower()
            if tag not in TAGS:
                _refuse(f'Unsupported start tag "{tag}"', html, token.start())
            if not token["slash"]:
                stack.append((tag, utf16(text), token["attributes"]))
                continue
            if not stack or stack[-1][0] != tag:
                _refuse(f'Unmatched end tag "{tag}"', html, token.start())
            _, offset, attributes = stack.pop()
            entity = {"type": TAGS[tag], "offset": offset, "length": utf16(text) - offset}
            if tag == "a":
                href = re.search(r'href="([^"]*)"', attributes)
                entity["url"] = parse_html(href[1])[0] if href else ""
            if entity["length"]:
                entities.append(entity)
    if stack:
        _refuse(f'Can\'t find end tag corresponding to start tag "{stack[-1][0]}"', html, len(html))
    return text, entities


def _refuse(problem, html, position):
    offset = len(html[:position].encode(errors="surrogatepass"))
    message = f"Bad Request: can't parse entities: {problem} at byte offset {offset}"
    raise BadHtml(message)
