"""What an operator is told when a command cannot do what it was asked.

OperatorError
├── NoModel           no model is active, or there is no earlier one to go back to
├── UnknownWork       a title or id that the catalogue does not have, or has twice
├── NothingToDo       everything is in order, there is just nothing to work on
├── Busy              the job is being done elsewhere
├── AlreadyDone       the job was done for this occasion
└── UnreadableModel   the model's folder is missing or damaged
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.jobs import Run


class OperatorError(Exception):
    """The root of the family; the message is one sentence for an operator."""


class NoModel(OperatorError):
    """No model is active, or there is no earlier one to go back to."""


class UnknownWork(OperatorError):
    """A title or id that the catalogue does not have, or has twice."""


class NothingToDo(OperatorError):
    """There is nothing to work on: no ratings, no held-out readers."""


class Busy(OperatorError):
    """The job is being done elsewhere, in another process."""

    def __init__(self, job: str) -> None:
        super().__init__(f"The job {job} is running already: wait until it has ended.")


class AlreadyDone(OperatorError):
    """The job was done for this occasion before, by `run`."""

    def __init__(self, run: "Run") -> None:
        super().__init__(f"The job {run.name} was done before, at {run.started_at:%Y-%m-%d %H:%M}.")
        self.run = run


class UnreadableModel(OperatorError):
    """The folder of a registered model is missing or damaged."""
