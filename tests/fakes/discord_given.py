"""What people give the fake Discord beside words and presses: files, and forms filled in."""

from aiohttp import web

from tests.fakes.discord_world import snowflake

PATH = "/ephemeral-attachments"


class Files:
    """Files attached to commands, each served at an address of its own.

    `statuses` is what the next downloads are answered instead.
    """

    def __init__(self):
        self.statuses = []
        self.downloads = []  # (file name, status)
        self._contents = {}

    def resolved(self, base, options):
        """What a command's data says of the files in its options, which then are ids.

        A file is (name, bytes), or (name, bytes, the size that it is said to have).
        """
        known = {}
        for option in (option for option in options if option["type"] == 11):
            name, content, size = (*option["value"], None)[:3]
            option["value"] = number = str(snowflake())
            self._contents[number] = content
            address = f"{base}{PATH}/{number}/{name}"
            size = len(content) if size is None else size
            known[number] = {"id": number, "filename": name, "size": size, "ephemeral": True}
            known[number] |= {"url": address, "proxy_url": address}
        return {"resolved": {"attachments": known}} if known else {}

    async def serve(self, request):
        content = self._contents.get(request.match_info["id"])
        status = self.statuses.pop(0) if self.statuses else 404 if content is None else 200
        self.downloads.append((request.match_info["name"], status))
        return web.Response(status=status, body=content if status == 200 else b"")


def filled_in(form, text):
    """The data of a form whose one field was filled in."""
    (part,) = form["components"]
    if not 1 <= len(text) <= part["component"]["max_length"]:
        raise ValueError("Discord does not send such a form")
    field = {"type": 4, "id": 2, "custom_id": part["component"]["custom_id"], "value": text}
    label = {"type": 18, "id": 1, "component": field}
    return {"custom_id": form["custom_id"], "components": [label]}


def form_faults(form):
    """Field -> what is wrong with it, for a form to open."""
    faults = {}
    parts = form.get("components") or []
    texts = [("title", form["title"], 45), ("custom_id", form["custom_id"], 100)]
    if not 1 <= len(parts) <= 5:
        faults["data.components"] = "Must be between 1 and 5 in length."
    for at, part in enumerate(parts):
        field = part.get("component") or {}
        if part.get("type") != 18 or field.get("type") != 4:
            faults[f"data.components.{at}"] = "This fake knows labels with text inputs only."
            continue
        texts.append((f"components.{at}.label", part["label"], 45))
        texts.append((f"components.{at}.custom_id", field["custom_id"], 100))
        if len(field.get("placeholder") or "") > 100:
            faults[f"data.components.{at}.placeholder"] = "Must be 100 or fewer in length."
        if not 1 <= (field.get("max_length") or 4000) <= 4000:
            faults[f"data.components.{at}.max_length"] = "Must be between 1 and 4000."
    for key, text, limit in texts:
        if not 1 <= len(text) <= limit:
            faults[f"data.{key}"] = f"Must be between 1 and {limit} in length."
    return faults
