"""How many requests of a tenant, and of each of its consumers, are under way: one that takes all leaves none for others."""


class Gate:
    """`most` bounds the tenant's; each `enter` that was granted is followed by one `leave`."""

    def __init__(self) -> None:
        self.most = 0
        self.in_flight = 0
        self._of_consumers: dict[str, int] = {}

    def enter(self, consumer: str | None, most: int | None) -> bool:
        """Whether one more may be let in; `most` bounds the consumer's."""
        if self.in_flight >= self.most:
            return False
        if consumer is not None and most is not None:
            of_consumer = self._of_consumers.get(consumer, 0)
            if of_consumer >= most:
                return False
            self._of_consumers[consumer] = of_consumer + 1
        self.in_flight += 1
        return True

    def leave(self, consumer: str | None, most: int | None) -> None:
        self.in_flight -= 1
        if consumer is not None and most is not None:
            left = self._of_consumers[consumer] - 1
            if left:
                self._of_consumers[consumer] = left
            else:
                del self._of_consumers[consumer]
