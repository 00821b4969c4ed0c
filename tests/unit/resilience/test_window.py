from hypothesis import given
from hypothesis import strategies as st

from common.resilience.window import Window
from tests.unit.server.traffic.peers import Clock


@given(st.lists(st.tuples(st.floats(0, 25), st.integers(0, 3), st.integers(0, 3)), max_size=40))
def test_what_is_younger_than_nine_tenths_is_counted_and_what_is_older_than_all_is_not(
    events: list[tuple[float, int, int]],
) -> None:
    clock = Clock()
    window = Window(10, clock=clock)
    seen: list[tuple[float, int, int]] = []
    for pause, all_, marked in events:
        clock.now += pause
        window.add(all=all_, marked=marked)
        seen.append((clock.now, all_, marked))
        for index, count in ((1, window.all), (2, window.marked)):
            sure = sum(event[index] for event in seen if clock.now - event[0] < 9)
            possible = sum(event[index] for event in seen if clock.now - event[0] <= 10)
            assert sure <= count <= possible
