"""Writing much in short transactions, and what comes of it when it is cut short."""

import pytest
from sqlalchemy import event, text

from tasks.batches import AIM_SECONDS, LEAST_ROWS, in_batches


class Machine:
    """Time that passes only with rows written, so many seconds each, and with pauses."""

    def __init__(self, seconds_a_row=0.001):
        self.now, self.seconds_a_row = 0.0, seconds_a_row
        self.pauses = []

    def __call__(self):
        return self.now

    def write(self, _, batch):
        self.now += self.seconds_a_row * len(batch)
        return len(batch)

    def run(self, database, rows, **how):
        write, clock, pause = self.write, self, self.pauses.append
        return in_batches(database, range(rows), write, clock=clock, pause=pause, **how)


def test_batches_come_near_the_aim_and_are_all_the_rows(database):
    sizes = list(Machine().run(database, 1_000))

    assert sum(sizes) == 1_000
    assert sizes[:4] == [100, 50, 30, 30]  # 100 rows take 0.1 s, 30 take the 0.03 s aimed at
    assert set(sizes[2:-1]) == {30}


def test_after_a_slow_time_they_grow_again(database):
    machine = Machine(seconds_a_row=1.0)
    batches = machine.run(database, 5_000)
    slow = [next(batches) for _ in range(10)]
    machine.seconds_a_row = AIM_SECONDS / 500

    assert slow[-1] == LEAST_ROWS
    assert max(batches) == pytest.approx(500, abs=1)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_sqlites_other_writers_have_as_long_as_each_batch_took(database):
    machine = Machine()
    sizes = list(machine.run(database, 200))

    assert machine.pauses == pytest.approx([size / 1_000 for size in sizes[:-1]])


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_postgresqls_writers_do_not_wait_for_each_other(database):
    machine = Machine()
    list(machine.run(database, 200))

    assert machine.pauses == []


def test_each_batch_is_a_transaction_of_its_own(database):
    ended = []
    for name in ("commit", "rollback"):
        event.listen(database.engine, name, lambda _, name=name: ended.append(name))

    def fails(session, batch):
        if 170 in batch:
            session.execute(text("SELECT no_such_column"))

    with pytest.raises(Exception, match="no_such_column"):
        list(in_batches(database, range(1_000), fails, clock=Machine(), pause=lambda _: None))

    assert ended == ["commit", "rollback"]


def test_what_is_only_tried_is_taken_back(database):
    ended = []
    for name in ("commit", "rollback"):
        event.listen(database.engine, name, lambda _, name=name: ended.append(name))

    sizes = list(Machine().run(database, 130, keep=False))

    assert sizes == [100, 30]
    assert ended == ["rollback", "rollback"]
