"""What the zoo says where torch is not installed."""

import sys

import pytest

from recommender import zoo
from recommender.contenders import Data
from recommender.errors import PackageMissing
from tests.recommender.clusters import in_clusters


@pytest.mark.parametrize("fit", [zoo.fit_multvae, zoo.fit_recvae, zoo.fit_bert4rec])
def test_without_torch_it_says_what_to_install(fit, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)

    with pytest.raises(PackageMissing, match=r"no package torch.*webtoonbot\[torch\]"):
        fit(Data(in_clusters(20)), 0, lambda share: None)
