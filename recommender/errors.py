"""Everything that can go wrong in the arithmetic, as one family of errors.

RecommenderError
├── BadInteractions         numbers that cannot be ratings: NaN, negative, off the scale, twice
├── TooFewInteractions      nothing to learn from
├── CatalogueTooLarge       the item-by-item matrix does not fit in memory
├── PenaltyTooSmall         l2 is not positive, or too small for the precision
├── BadParameter            a choice that the fit does not offer: dropout, number type, weight
│   └── PackageMissing      a model whose package is not installed
├── UnknownItem             an item id or row that is not in the matrix
└── ArtifactError           a model folder cannot be used
    ├── ArtifactNotWritten  the disk is full, the folder closed, or it holds something else
    ├── ArtifactDamaged     a file is missing, cut short or changed
    ├── ArtifactVersion     written in a format this version does not read
    └── ArtifactKind        a sound folder that holds another kind of model
"""


class RecommenderError(Exception):
    """Whatever `recommender` raises on purpose; the message says what was found and expected."""


class BadInteractions(RecommenderError):
    """The numbers cannot be ratings or likes."""


class TooFewInteractions(RecommenderError):
    """There is nothing to learn from."""


class CatalogueTooLarge(RecommenderError):
    """The item-by-item matrix does not fit in memory; said before any work starts."""


class PenaltyTooSmall(RecommenderError):
    """The ridge penalty is not positive, or too small for the chosen precision."""


class BadParameter(RecommenderError):
    """A parameter of the fit, other than a penalty too small, is out of its range."""


class PackageMissing(BadParameter):
    """A model was chosen whose package is not installed."""


class UnknownItem(RecommenderError):
    """An item id or item row that is not in the matrix."""


class ArtifactError(RecommenderError):
    """A model folder cannot be used."""


class ArtifactNotWritten(ArtifactError):
    """The model folder could not be written; nothing of it was left behind."""


class ArtifactDamaged(ArtifactError):
    """A file of the model folder is missing, cut short or changed."""


class ArtifactVersion(ArtifactError):
    """The model folder is in a format that this version does not read."""


class ArtifactKind(ArtifactError):
    """The model folder is sound but holds another kind of model."""
