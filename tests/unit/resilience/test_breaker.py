from common.resilience.breaker import FAILURES, FIRST_PAUSE, LONGEST_PAUSE, Breaker


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> Breaker:
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        assert breaker.admits()
        breaker.fail()
    return breaker


def test_a_few_failures_in_a_row_open_it() -> None:
    breaker = Breaker(Clock())
    for _ in range(10):
        for _ in range(FAILURES - 1):
            assert breaker.admits()
            breaker.fail()
        assert breaker.admits()
        breaker.succeed()
    assert not opened(Clock()).admits()


def test_after_a_pause_one_call_probes() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 2 * FIRST_PAUSE
    assert breaker.admits()
    assert not breaker.admits()
    breaker.succeed()
    assert breaker.admits()
    assert breaker.admits()


def test_each_probe_that_fails_makes_the_pause_longer_up_to_a_bound() -> None:
    clock = Clock()
    breaker = opened(clock)
    pauses = []
    for _ in range(12):
        start = clock.now
        while not breaker.admits():
            clock.now += 0.005
        pauses.append(clock.now - start)
        breaker.fail()
    assert pauses[0] <= 1.6 * FIRST_PAUSE
    assert LONGEST_PAUSE / 2 <= pauses[-1] <= 1.6 * LONGEST_PAUSE


def test_a_probe_that_nobody_waited_for_leaves_room_for_another() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now = 2 * FIRST_PAUSE
    assert breaker.admits()
    assert not breaker.would_admit()
    breaker.give_up()
    assert breaker.would_admit()
    assert breaker.admits()
