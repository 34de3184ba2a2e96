"""What an operator is told when a command cannot do what it was asked.

OperatorError
├── NoModel           no model is active, or there is no earlier one to go back to
├── Moved             another model became active, again and again, while this was prepared
├── UnknownWork       a title or id that the catalogue does not have, or has twice
├── NothingToDo       everything is in order, there is just nothing to work on
├── Busy              the job is being done elsewhere
├── RunsAlready       webtoonctl run runs over this database already
├── AlreadyDone       the job was done for this occasion
├── Superseded        the job lost its lock, and another run of it took over
├── Deadly            the job's process was killed too often for this occasion
├── NotWritten        a file could not be written
├── IncompleteBackup  the backup lacks the active model
├── NotDeleted        the backup was written, but older ones cannot be deleted
├── UnreadableBackup  the file is no backup, damaged, or of a newer version
├── NotRestored       the backup is sound, but the database cannot have it
├── FitFailed         a model that was to be compared could not be fitted
└── UnreadableModel   the model's folder is missing or damaged
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.jobs import Run


class OperatorError(Exception):
    """The root of the family; the message is one sentence for an operator."""


class NoModel(OperatorError):
    """No model is active, or there is no earlier one to go back to."""


class Moved(OperatorError):
    """Another model became the active one, again and again, while this was prepared."""

    def __init__(self) -> None:
        super().__init__("Other models became active meanwhile: see models list, and try again.")


class UnknownWork(OperatorError):
    """A title or id that the catalogue does not have, or has twice."""


class NothingToDo(OperatorError):
    """There is nothing to work on: no ratings, no held-out readers."""


class Busy(OperatorError):
    """The job is being done elsewhere, in another process."""

    def __init__(self, job: str) -> None:
        super().__init__(f"The job {job} is running already: wait until it has ended.")


class RunsAlready(OperatorError):
    """`webtoonctl run` runs over this database already."""

    def __init__(self) -> None:
        super().__init__("webtoonctl run is running over this database already.")


class AlreadyDone(OperatorError):
    """The job was done for this occasion before, by `run`."""

    def __init__(self, run: "Run") -> None:
        super().__init__(f"The job {run.name} was done before, at {run.started_at:%Y-%m-%d %H:%M}.")
        self.run = run


class Superseded(OperatorError):
    """The job lost its lock, with the server that kept it, and another run took over."""

    def __init__(self, job: str) -> None:
        super().__init__(f"The job {job} was taken for dead and is done by another process.")


class Deadly(OperatorError):
    """The job's process was killed too often for the same occasion."""

    def __init__(self, job: str) -> None:
        super().__init__(f"The job {job} was killed too often: it is not tried again.")


class UnreadableModel(OperatorError):
    """The folder of a registered model is missing or damaged."""


class NotWritten(OperatorError):
    """A file could not be written; what was there before is still there."""


class IncompleteBackup(OperatorError):
    """The backup was written, but lacks the active model: its folder is missing or damaged."""


class NotDeleted(OperatorError):
    """The backup was written, but older ones cannot be deleted."""


class UnreadableBackup(OperatorError):
    """The file is no backup, or damaged, or was made by a newer version."""


class NotRestored(OperatorError):
    """The backup is sound, but the database cannot have it; nothing was changed."""


class FitFailed(OperatorError):
    """A model that was to be compared could not be fitted, or its process died over it."""
