import socket

import pytest

from gateway.server.serving import Address, ListenError, open_listener


@pytest.mark.parametrize(
    ("text", "address"),
    [("127.0.0.1:4000", ("127.0.0.1", 4000)), ("localhost:0", ("localhost", 0)), ("[::1]:80", ("::1", 80))],
)
def test_an_address_is_a_host_and_a_port(text: str, address: tuple[str, int]) -> None:
    assert Address.parse(text) == address


@pytest.mark.parametrize("text", ["", "4000", ":4000", "host:", "host:x", "host:70000", "host:-1"])
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"HOST:PORT, such as 127\.0\.0\.1:4000"):
        Address.parse(text)


def test_a_held_address_accepts_nothing_yet() -> None:
    with (
        open_listener("127.0.0.1", 0) as listener,
        socket.socket() as client,
        pytest.raises(ConnectionRefusedError),
    ):
        client.connect(listener.getsockname())


def test_a_taken_port_is_named_with_the_way_to_another() -> None:
    with open_listener("127.0.0.1", 0) as listener:
        listener.listen()
        port = listener.getsockname()[1]
        with pytest.raises(
            ListenError, match=f"127.0.0.1:{port} cannot be listened on: Address already in use.*--listen"
        ):
            open_listener("127.0.0.1", port)


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(ListenError, match=r"192\.0\.2\.1:0 cannot be listened on: Cannot assign"):
        open_listener("192.0.2.1", 0)
