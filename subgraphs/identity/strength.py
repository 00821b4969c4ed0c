"""Whether a password is worth having: zxcvbn's estimate of how many guesses it takes, against lists of breached ones.

Words that are known of the account count as guessed. It takes up to a tenth of a second, so it has no place in the event loop.
"""

import re
from collections.abc import Iterable

_SCORE = 2  # of 0 to 4: more than a hundred million guesses, which the throttle leaves nobody
_LOOKED_AT = 48  # characters; longer ones are strong by these, or so simple that the rest does not help
_WORDS = re.compile(r"\w{3,}")


def weakness(password: str, known: Iterable[str]) -> str | None:
    """Why the password is refused, None when it is good; `known` are the account's address and names."""
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its word lists take a fifth of a second to load

    words = [text for each in known for text in (each, *_WORDS.findall(each))]
    estimate = zxcvbn(password[:_LOOKED_AT], user_inputs=words)
    if estimate["score"] >= _SCORE:
        return None
    reason = estimate["feedback"]["warning"] or "It is easy to guess."
    return f"This password is too weak. {reason}"
