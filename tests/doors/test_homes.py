"""What the real processes of the tests run: the checkout that the tests are in."""

import pytest

from tests.plugins.doors import ROOT, Home


@pytest.mark.parametrize("options", [(), ("-S",)], ids=["installed", "not installed"])
def test_a_process_takes_our_packages_from_this_checkout(tmp_path, options):
    code = "import bot, tasks; print(bot.__file__, tasks.__file__)"

    done = Home(tmp_path).run("python", *options, "-c", code)

    assert done.stdout.split() == [str(ROOT / "bot/__init__.py"), str(ROOT / "tasks/__init__.py")]
