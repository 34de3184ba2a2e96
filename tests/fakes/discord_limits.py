"""What Discord's API accepts in a message and in a command, checked as it checks it."""

import re

COMMAND_NAME = re.compile(r"^[-_\w]{1,32}$")


def message_faults(body, *, old=None):
    """Field -> what is wrong with it, for a message to create or (`old`) to edit."""
    faults = {}
    content = body.get("content") or ""
    if len(content) > 2000:
        faults["content"] = "Must be 2000 or fewer in length."
    embeds = body.get("embeds") or []
    if len(embeds) > 10:
        faults["embeds"] = "Must be 10 or fewer in length."
    for number, embed in enumerate(embeds):
        faults |= {f"embeds.{number}.{k}": v for k, v in embed_faults(embed).items()}
    if sum(map(embed_size, embeds)) > 6000:
        faults["embeds"] = "Embed size exceeds maximum size of 6000."
    for number, attached in enumerate(body.get("attachments") or []):
        if len(attached.get("description") or "") > 1024:
            faults[f"attachments.{number}.description"] = "Must be 1024 or fewer in length."
    faults |= component_faults(body.get("components") or [])
    if body.get("allowed_mentions") != {"parse": []}:
        # Discord would take it; this project promises that nothing it sends can ping.
        faults["allowed_mentions"] = "A message that might ping somebody."
    return faults


def embed_size(embed):
    fields = embed.get("fields") or []
    texts = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
    texts += [(embed.get("author") or {}).get("name")]
    texts += [field[key] for field in fields for key in ("name", "value")]
    return sum(len(text or "") for text in texts)


def embed_faults(embed):
    faults = {}
    for key, limit in (("title", 256), ("description", 4096)):
        if len(embed.get(key) or "") > limit:
            faults[key] = f"Must be {limit} or fewer in length."
    if len((embed.get("footer") or {}).get("text") or "") > 2048:
        faults["footer.text"] = "Must be 2048 or fewer in length."
    if len(embed.get("fields") or []) > 25:
        faults["fields"] = "Must be 25 or fewer in length."
    for field in embed.get("fields") or []:
        if not 1 <= len(field["name"]) <= 256 or not 1 <= len(field["value"]) <= 1024:
            faults["fields"] = "A field is too long or empty."
    url = embed.get("url")
    if url and (not re.match(r"https?://", url) or len(url) > 2048):
        faults["url"] = "Not a well formed URL."
    return faults


def component_faults(rows):
    faults = {}
    if len(rows) > 5:
        faults["components"] = "Must be between 1 and 5 in length."
    seen = set()
    for at, row in enumerate(rows):
        if row.get("type") != 1 or not 1 <= len(row["components"]) <= 5:
            faults[f"components.{at}"] = "Must be between 1 and 5 in length."
        for place, button in enumerate(row["components"]):
            field = f"components.{at}.components.{place}"
            custom_id = button.get("custom_id", "")
            if button.get("style") == 5:
                continue
            if not 1 <= len(custom_id) <= 100:
                faults[f"{field}.custom_id"] = "Must be between 1 and 100 in length."
            if custom_id in seen:
                faults[f"{field}.custom_id"] = "Component custom id cannot be duplicated"
            seen.add(custom_id)
            if not 1 <= len(button.get("label") or "") <= 80:
                faults[f"{field}.label"] = "Must be between 1 and 80 in length."
    return faults


def choice_faults(choices):
    faults = {}
    if len(choices) > 25:
        faults["data.choices"] = "Must be 25 or fewer in length."
    for number, choice in enumerate(choices):
        for key in ("name", "value"):
            if not 1 <= len(str(choice[key])) <= 100:
                faults[f"data.choices.{number}.{key}"] = "Must be between 1 and 100 in length."
    return faults


def command_faults(command):
    faults = _named(command, "")
    options = command.get("options") or []
    if len(options) > 25:
        faults["options"] = "Must be 25 or fewer in length."
    for number, option in enumerate(options):
        faults |= _named(option, f"options.{number}.")
    required = [bool(option.get("required")) for option in options]
    if required != sorted(required, reverse=True):
        faults["options"] = "Required options must be placed before non-required options"
    return faults


def _named(part, prefix):
    faults = {}
    names = {"": part["name"], **(part.get("name_localizations") or {})}
    described = {"": part["description"], **(part.get("description_localizations") or {})}
    for locale, name in names.items():
        if not COMMAND_NAME.match(name) or name != name.lower():
            faults[f"{prefix}name.{locale}"] = "Command name is invalid"
    for locale, text in described.items():
        if not 1 <= len(text) <= 100:
            faults[f"{prefix}description.{locale}"] = "Must be between 1 and 100 in length."
    return faults
