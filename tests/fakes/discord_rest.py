"""The REST half of the fake Discord: API v10 as far as an interactions bot uses it."""

import json
import time

from tests.fakes.discord_given import form_faults
from tests.fakes.discord_limits import choice_faults, command_faults, message_faults
from tests.fakes.discord_world import DM, EPHEMERAL, LOADING, Channel, Message, snowflake

FIRST_RESPONSE_SECONDS = 3.0
TOKEN_SECONDS = 15 * 60
COMMANDS_A_DAY = 200
NONCE_SECONDS = 3 * 60  # "a few minutes"
FOLLOWUPS_ELSEWHERE = 5  # for an app that is in the guild with its user only


class Refusal(Exception):
    """An answer other than 2xx."""

    def __init__(self, status, code, message, **more):
        super().__init__(message)
        self.status = status
        self.body = {"message": message, "code": code} | more


def unknown(what, code):
    return Refusal(404, code, f"Unknown {what}")


def invalid(faults):
    listed = {f: {"_errors": [{"code": "INVALID", "message": m}]} for f, m in faults.items()}
    return Refusal(400, 50035, "Invalid Form Body", errors=listed)


class Rest:
    """Handlers by method and path, each given the matched parts, the query, body and files."""

    def __init__(self, world):
        self.world = world
        self.nonces = {}  # (channel id, nonce) -> the message, and when it was made
        self.routes = [
            ("GET", "/gateway", self.gateway, False),
            ("GET", "/gateway/bot", self.gateway_bot, True),
            ("GET", "/users/@me", self.me, True),
            ("GET", "/oauth2/applications/@me", self.application, True),
            ("GET", "/applications/{app}/commands", self.commands, True),
            ("PUT", "/applications/{app}/commands", self.overwrite_commands, True),
            ("POST", "/users/@me/channels", self.open_dm, True),
            ("POST", "/channels/{channel}/messages", self.send, True),
            ("GET", "/channels/{channel}/messages/{message}", self.get, True),
            ("PATCH", "/channels/{channel}/messages/{message}", self.edit, True),
            ("DELETE", "/channels/{channel}/messages/{message}", self.delete, True),
            ("POST", "/interactions/{id}/{token}/callback", self.callback, False),
            ("POST", "/webhooks/{app}/{token}", self.follow_up, False),
            ("GET", "/webhooks/{app}/{token}/messages/{message}", self.get_response, False),
            ("PATCH", "/webhooks/{app}/{token}/messages/{message}", self.edit_response, False),
            ("DELETE", "/webhooks/{app}/{token}/messages/{message}", self.delete_response, False),
        ]

    def gateway(self, **_):
        return {"url": self.world.gateway_url}

    def gateway_bot(self, **_):
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        return {"url": self.world.gateway_url, "shards": 1, "session_start_limit": limit}

    def me(self, **_):
        return self.world.bot.payload()

    def application(self, **_):
        return {
            "id": str(self.world.application_id),
            "name": self.world.bot.name,
            "icon": None,
            "description": "",
            "summary": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "0" * 64,
            "flags": 0,
            "owner": self.world.bot.payload() | {"bot": False},
        }

    def commands(self, query, **_):
        if query.get("with_localizations", "").lower() in ("1", "true"):
            return self.world.commands
        maps = ("name_localizations", "description_localizations")

        def plain(part):
            kept = {k: v for k, v in part.items() if k not in maps}
            if "options" in kept:
                kept["options"] = [plain(option) for option in kept["options"]]
            return kept

        return [plain(command) for command in self.world.commands]

    def overwrite_commands(self, body, **_):
        faults = {}
        for number, command in enumerate(body):
            faults |= {f"{number}.{k}": v for k, v in command_faults(command).items()}
        if faults:
            raise invalid(faults)
        known = {command["name"]: command["id"] for command in self.world.commands}
        created = [command for command in body if command["name"] not in known]
        if self.world.created_commands + len(created) > COMMANDS_A_DAY:
            raise Refusal(400, 30034, "Max number of daily application command creates reached")
        self.world.created_commands += len(created)
        self.world.command_overwrites += 1
        self.world.commands = [
            {
                "id": known.get(command["name"]) or str(snowflake()),
                "application_id": str(self.world.application_id),
                "version": str(snowflake()),
                "default_member_permissions": None,
                "type": 1,
                "nsfw": False,
                **command,
                # Discord gives back no empty lists of options, and its own order of contexts.
                **({"options": command["options"]} if command.get("options") else {"options": []}),
                "contexts": sorted(command.get("contexts") or [], reverse=True) or None,
            }
            for command in body
        ]
        return self.world.commands

    def open_dm(self, body, **_):
        user = self.world.users.get(int(body["recipient_id"]))
        if user is None:
            raise Refusal(400, 50033, "Invalid Recipient(s)")
        return self.world.dm(user).payload()

    def send(self, channel, body, files, **_):
        place = self._channel(channel)
        if place.kind == DM and not place.recipient.takes_messages:
            raise Refusal(403, 50007, "Cannot send messages to this user")
        nonce = body.get("nonce")
        if nonce is not None and len(str(nonce)) > 25:
            raise invalid({"nonce": "Must be 25 or fewer in length."})
        if nonce is not None and body.get("enforce_nonce"):
            known = self.nonces.get((place.id, str(nonce)))
            if known and time.monotonic() - known[1] < NONCE_SECONDS:
                return known[0].payload()
        message = self._new(place, body, files)
        if nonce is not None:
            self.nonces[place.id, str(nonce)] = (message, time.monotonic())
        return message.payload()

    def get(self, channel, message, **_):
        return self._message(channel, message).payload()

    def edit(self, channel, message, body, files, **_):
        return self._changed(self._message(channel, message), body, files)

    def delete(self, channel, message, **_):
        self._message(channel, message).deleted = True

    def callback(self, id, token, query, body, files, **_):
        interaction = self.world.interactions.get(token)
        if interaction is None or str(interaction.id) != id:
            raise unknown("interaction", 10062)
        if interaction.response is not None:
            raise Refusal(400, 40060, "Interaction has already been acknowledged.")
        now = time.monotonic()
        if now - interaction.sent_at > FIRST_RESPONSE_SECONDS:
            interaction.late = True
            raise unknown("interaction", 10062)
        kind, data = body["type"], body.get("data") or {}
        self._respond(interaction, kind, data, files)
        interaction.response, interaction.answered_at = kind, now
        if query.get("with_response", "").lower() not in ("1", "true"):
            return None
        told = {"id": id, "type": interaction.kind}
        if interaction.original is None:
            return {"interaction": told}
        message = interaction.original
        told |= {
            "response_message_id": str(message.id),
            "response_message_loading": message.loading,
            "response_message_ephemeral": message.ephemeral,
            "channel_id": str(message.channel.id),
        }
        if kind == 6:  # a deferred update comes without a resource
            return {"interaction": told}
        return {"interaction": told, "resource": {"type": kind, "message": message.payload()}}

    def _respond(self, interaction, kind, data, files):
        updates = kind in (6, 7) and interaction.kind != 3
        form_for_form = kind == 9 and interaction.kind == 5
        if (kind == 8) != (interaction.kind == 4) or updates or form_for_form:
            raise invalid({"type": "This response does not fit the interaction."})
        private = data.get("flags", 0) & EPHEMERAL
        match kind:
            case 4:
                interaction.original = self._answer(interaction, data, files, private)
            case 5:
                interaction.original = self.world.message(
                    interaction.channel, flags=private | LOADING, seen_by=interaction.user
                )
            case 6:
                interaction.original = interaction.pressed
            case 7:
                interaction.original = interaction.pressed
                self._changed(interaction.pressed, data, files)
            case 8:
                if faults := choice_faults(data["choices"]):
                    raise self.world.violated(invalid(faults))
                interaction.choices = data["choices"]
            case 9:
                if faults := form_faults(data):
                    raise self.world.violated(invalid(faults))
                interaction.form = data
            case _:
                raise invalid({"type": "This fake knows no such response."})

    def follow_up(self, token, body, files, **_):
        interaction = self._live(token)
        original = interaction.original
        if original is not None and original.loading and not original.deleted:
            # As on Discord: the first followup takes the place of "thinking…", and its privacy.
            return self._changed(original, body, files, count=False)
        guild = interaction.channel.guild
        elsewhere = guild is not None and not guild.joined
        if elsewhere and len(interaction.followups) >= FOLLOWUPS_ELSEWHERE:
            raise Refusal(400, 40094, "Too many followup messages")
        private = body.get("flags", 0) & EPHEMERAL
        message = self._answer(interaction, body, files, private)
        interaction.followups.append(message)
        return message.payload()

    def get_response(self, token, message, **_):
        return self._response(token, message).payload()

    def edit_response(self, token, message, body, files, **_):
        found = self._response(token, message)
        return self._changed(found, body, files, count=not found.loading)

    def delete_response(self, token, message, **_):
        self._response(token, message).deleted = True

    def _live(self, token):
        interaction = self.world.interactions.get(token)
        if interaction is None or interaction.response is None:
            raise unknown("Webhook", 10015)
        if interaction.expired or time.monotonic() - interaction.sent_at > TOKEN_SECONDS:
            raise Refusal(401, 50027, "Invalid Webhook Token")
        return interaction

    def _response(self, token, message_id):
        interaction = self._live(token)
        if message_id == "@original":
            found = interaction.original
        else:
            mine = [interaction.original, *interaction.followups]
            found = next((m for m in mine if m and str(m.id) == message_id), None)
        if found is None or found.deleted:
            raise unknown("Message", 10008)
        return found

    def _answer(self, interaction, body, files, private):
        seen_by = interaction.user if private else None
        return self._new(interaction.channel, body, files, flags=private, seen_by=seen_by)

    def _new(self, channel, body, files, **more):
        self._check(body)
        if not (body.get("content") or body.get("embeds") or files):
            raise self.world.violated(Refusal(400, 50006, "Cannot send an empty message"))
        message = self.world.message(channel, **more)
        message.put(body, files)
        return message

    def _changed(self, message, body, files, *, count=True):
        self._check(body)
        message.put(body, files)
        message.edits += count
        return message.payload()

    def _check(self, body):
        if faults := message_faults(body):
            raise self.world.violated(invalid(faults))

    def _channel(self, channel_id) -> Channel:
        channel = self.world.channels.get(int(channel_id))
        if channel is None:
            raise unknown("Channel", 10003)
        return channel

    def _message(self, channel_id, message_id) -> Message:
        channel = self._channel(channel_id)
        message = self.world.messages.get(int(message_id))
        # To the channel's own routes an ephemeral message does not exist.
        if message is None or message.deleted or message.channel is not channel:
            raise unknown("Message", 10008)
        if message.ephemeral:
            raise unknown("Message", 10008)
        return message


def read_multipart(parts):
    """(body, files) of a multipart request: [(field name, file name, bytes)]."""
    body, files = {}, {}
    for name, filename, data in parts:
        if name == "payload_json":
            body = json.loads(data)
        else:
            files[filename] = data
    return body, files
