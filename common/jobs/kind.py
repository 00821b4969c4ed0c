"""`@jobs.job`: a function and what its arguments, results and policy are.

Calling a kind with the function's arguments gives a request for a job. The arguments are encoded and decoded as the worker
will decode them, so that what it would refuse is refused at once.
"""

import hashlib
import inspect
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any, Concatenate, Generic, ParamSpec, TypedDict, TypeVar, Unpack, get_type_hints

import msgspec
from msgspec import Struct

from common.ids import new_id
from common.jobs.policy import Backoff, Priority, Unique
from common.jobs.request import InvalidJobError, JobRequest
from common.jobs.run import Run
from common.telemetry.context import outgoing_headers

P = ParamSpec("P")
R = TypeVar("R")

Opening = Callable[[Mapping[str, str]], AbstractAsyncContextManager[R]]


class Policy(Struct, frozen=True, kw_only=True):
    """What `Jobs.job` is told of a kind.

    `timeout` is in seconds for one attempt. `unique` makes the kind's own arguments its unique key. `is_public` lets
    signed-in users ask for it through the graph.
    """

    queue: str = "default"
    priority: Priority = Priority.NORMAL
    max_attempts: int = 10
    backoff: Backoff = Backoff()
    timeout: float | None = None
    unique: Unique | None = None
    limit_key: str | None = None
    is_public: bool = False


class PolicyOptions(TypedDict, total=False):
    """The fields of `Policy`, each of which may be left out."""

    queue: str
    priority: Priority
    max_attempts: int
    backoff: Backoff
    timeout: float
    unique: Unique
    limit_key: str
    is_public: bool


class JobKind(Generic[P]):
    """A kind of job; call it with the arguments of its function."""

    def __init__(self, name: str, function: Callable[..., Any], policy: Policy) -> None:
        self.name = name
        self.function = function
        self.policy = policy
        self.is_async = inspect.iscoroutinefunction(function)
        self._signature = _signature(function)
        self._arguments: type[Struct] = _struct(name, self._signature, get_type_hints(function))

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> JobRequest:
        """A request for this job.

        Raises:
            InvalidJobError: an argument is not what the function's annotation says.
        """
        given = self._signature.bind(*args, **kwargs).arguments
        try:
            return self.request(msgspec.json.encode(given))
        except (TypeError, OverflowError, UnicodeEncodeError) as error:
            raise InvalidJobError("arguments", f"of {self.name} are not JSON: {error}") from None

    def request(self, arguments: bytes) -> JobRequest:
        """A request by arguments that are JSON. Raises InvalidJobError."""
        policy, text = self.policy, self._encode(self._decode(arguments))
        headers = dict(outgoing_headers())
        return JobRequest(
            id=new_id(),
            kind=self.name,
            arguments=text,
            queue=policy.queue,
            priority=policy.priority,
            max_attempts=policy.max_attempts,
            unique_key=self._key(text) if policy.unique else None,
            unique=policy.unique or Unique.UNTIL_FINISHED,
            limit_key=policy.limit_key,
            trace=headers.get("traceparent"),
        )

    def bind(self, arguments: str) -> dict[str, Any]:
        """The keyword arguments for the function. Raises InvalidJobError."""
        decoded = self._decode(arguments.encode())
        return {name: getattr(decoded, name) for name in decoded.__struct_fields__}

    def _decode(self, arguments: bytes) -> Struct:
        try:
            return msgspec.json.decode(arguments, type=self._arguments)
        except msgspec.MsgspecError as error:
            raise InvalidJobError("arguments", f"of {self.name} do not fit: {error}") from None

    def _encode(self, arguments: Struct) -> str:
        try:
            return msgspec.json.encode(arguments, order="deterministic").decode()
        except (OverflowError, ValueError) as error:
            raise InvalidJobError("arguments", f"of {self.name} are not JSON: {error}") from None

    def _key(self, arguments: str) -> str:
        return f"{self.name}:{hashlib.sha256(arguments.encode()).hexdigest()}"


class Jobs(Generic[R]):
    """The kinds of jobs that a package brings, as an entry point of the group `hansa.jobs`.

    `name` stands before each kind's. `opening` makes what the functions of all kinds need, once in each worker.
    """

    def __init__(self, name: str, opening: Opening[R] | None = None) -> None:
        self.name = name
        self.kinds: dict[str, JobKind[Any]] = {}
        self.open: Opening[Any] = opening or (lambda _environment: nullcontext())

    def job(
        self, **policy: Unpack[PolicyOptions]
    ) -> Callable[[Callable[Concatenate[Run[R], P], object]], JobKind[P]]:
        """Make a function a kind of job; `policy` is what `Policy` has otherwise than by default.

        A coroutine function runs in the event loop, another in a thread. Its first parameter is the `Run`; the others
        are annotated with what msgspec can decode, and so is its result.
        """

        def register(function: Callable[Concatenate[Run[R], P], object]) -> JobKind[P]:
            name = f"{self.name}.{getattr(function, '__name__', 'job')}"
            kind: JobKind[P] = JobKind(name, function, Policy(**policy))
            self.kinds[name] = kind
            return kind

        return register


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    """The function's signature without the `Run`."""
    whole = inspect.signature(function)
    return whole.replace(parameters=list(whole.parameters.values())[1:])


def _struct(name: str, signature: inspect.Signature, hints: Mapping[str, Any]) -> type[Struct]:
    """The struct that the arguments are; whatever it does not name is refused."""
    fields: list[Any] = []
    for parameter in signature.parameters.values():
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY}:
            raise TypeError(f"{name} takes {parameter}, which no job can be asked for with")
        default = () if parameter.default is parameter.empty else (parameter.default,)
        fields.append((parameter.name, hints[parameter.name], *default))
    return msgspec.defstruct(name, fields, kw_only=True, frozen=True, forbid_unknown_fields=True)
