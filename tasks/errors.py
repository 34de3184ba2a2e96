"""What an operator is told when a command cannot do what it was asked.

OperatorError
├── NoModel           no model is active, or there is no earlier one to go back to
├── UnknownWork       a title or id that the catalogue does not have, or has twice
├── NothingToDo       everything is in order, there is just nothing to work on
└── UnreadableModel   the model's folder is missing or damaged
"""


class OperatorError(Exception):
    """The root of the family; the message is one sentence for an operator."""


class NoModel(OperatorError):
    """No model is active, or there is no earlier one to go back to."""


class UnknownWork(OperatorError):
    """A title or id that the catalogue does not have, or has twice."""


class NothingToDo(OperatorError):
    """There is nothing to work on: no ratings, no held-out readers."""


class UnreadableModel(OperatorError):
    """The folder of a registered model is missing or damaged."""
