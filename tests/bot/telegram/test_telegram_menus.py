from tests.fakes.telegram_world import bad

MENU = ["recommend", "search", "similar", "like", "dislike", "list", "settings", "help"]


def test_menus_are_published_in_english_for_all_and_in_korean(telegram, open_door):
    open_door()

    telegram.wait_for_calls("setMyCommands", 2)
    telegram.wait_for(lambda: len(telegram.commands) == 2, what="two menus")

    english, korean = telegram.commands[""], telegram.commands["ko"]
    assert [entry["command"] for entry in english] == MENU
    assert [entry["command"] for entry in korean] == MENU
    assert english[0]["description"].isascii()
    assert not korean[0]["description"].isascii()


def test_menus_that_are_right_are_left_alone(telegram, open_door):
    first = open_door()
    telegram.wait_for(lambda: len(telegram.commands) == 2, what="two menus")
    first.stop()
    telegram.commands["ko"] = []

    open_door()
    telegram.wait_for_calls("setMyCommands", 3)
    telegram.wait_for(lambda: telegram.commands["ko"], what="the Korean menu again")

    changed = [call.params.get("language_code") for call in telegram.made("setMyCommands")]
    assert changed == [None, "ko", "ko"]


def test_a_bot_without_menus_works(telegram, open_door):
    mina = telegram.user()
    telegram.fail("setMyCommands", bad("BOT_COMMAND_INVALID"))
    open_door()
    telegram.wait_for_calls("setMyCommands")

    telegram.say(mina, "hello")

    assert telegram.wait_for_message(mina).text == "heard hello"
