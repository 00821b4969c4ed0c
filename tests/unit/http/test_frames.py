from itertools import pairwise

from hyperframe.frame import DataFrame, Frame, GoAwayFrame, PingFrame
from hypothesis import given
from hypothesis import strategies as st

from common.http.frames import FrameReader, GoAway

FRAMES: list[Frame] = [
    PingFrame(0, b"12345678"),
    DataFrame(1, b"x" * 300),
    GoAwayFrame(0, last_stream_id=5, error_code=2, additional_data=b"why"),
    DataFrame(3, b""),
    GoAwayFrame(0, last_stream_id=2**31 - 1),
]
WIRE = [frame.serialize() for frame in FRAMES]
READ = [WIRE[0], WIRE[1], GoAway(5, 2), WIRE[3], GoAway(2**31 - 1, 0)]


@given(st.sets(st.integers(0, len(b"".join(WIRE)))))
def test_frames_come_out_whole_however_they_were_split(cuts: set[int]) -> None:
    data = b"".join(WIRE)
    reader = FrameReader()
    edges = [0, *sorted(cuts), len(data)]
    read = [frame for start, end in pairwise(edges) for frame in reader.feed(data[start:end])]
    assert read == READ
