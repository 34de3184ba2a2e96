"""A mailroom by script: letters to readers that wait, and a note of what became of each."""

from dataclasses import replace
from datetime import timedelta

from bot.conversation.reply import STORED, Reply
from db.letters import Letter
from tests.plugins.library import NOON


def letter(number, user, reply="News.", *, to_chat=False):
    """A letter with this id to somebody."""
    said = reply if isinstance(reply, Reply) else Reply(reply)
    stored = STORED.dump_json(said).decode()
    return Letter(number, str(user), to_chat, stored, NOON, again=False)


class ScriptedMailroom:
    def __init__(self):
        self.waiting = []  # letters
        self.notes = []  # (what became of it, letter id, ...)

    def compose(self, platform, limit):
        return 0

    def take(self, platform, limit, but=()):
        taken = [one for one in self.waiting if one.user_id not in but][:limit]
        self.waiting = [one for one in self.waiting if one not in taken]
        return taken

    def going(self, platform, letter):
        self.notes.append(("going", letter.id))
        return replace(letter, taken_until=letter.taken_until + timedelta(seconds=1))

    def back(self, letter):
        self.notes.append(("back", letter.id))

    def leave(self, letters):
        self.notes += [("left", letter.id) for letter in letters]

    def arrived(self, platform, letter, message=None):
        self.notes.append(("arrived", letter.id, message))

    def doubted(self, platform, letter):
        self.notes.append(("doubted", letter.id))

    def refused(self, platform, letter, reason, *, shut):
        self.notes.append(("shut out" if shut else "refused", letter.id, reason))

    def moved(self, platform, letter, chat_id):
        self.notes.append(("moved", letter.id, chat_id))

    def what(self, number):
        """What was noted of the letter with this id, in order."""
        return [note[0] for note in tuple(self.notes) if note[1] == number]
