"""The messages of Envoy's rate-limit protocol, as far as the service reads and writes them.

Numbers and names are those of envoy/service/ratelimit/v3/rls.proto; a field that is not here is passed over, as protobuf does with any
that a reader does not know. They are written down because Envoy's whole set on PyPI installs over OpenTelemetry's modules.
"""

import proto
from google.protobuf.duration_pb2 import Duration
from google.protobuf.wrappers_pb2 import UInt64Value

SERVICE = "envoy.service.ratelimit.v3.RateLimitService"


class HeaderValue(proto.Message):
    """envoy.config.core.v3.HeaderValue."""

    key = proto.Field(proto.STRING, number=1)
    value = proto.Field(proto.STRING, number=2)


class RateLimitDescriptor(proto.Message):
    """envoy.extensions.common.ratelimit.v3.RateLimitDescriptor: the keys and values that limits are chosen by."""

    class Entry(proto.Message):
        """One key and its value."""

        key = proto.Field(proto.STRING, number=1)
        value = proto.Field(proto.STRING, number=2)

    class RateLimitOverride(proto.Message):
        """A limit that the request brings; only whether it is there matters here."""

    entries = proto.RepeatedField(Entry, number=1)
    limit = proto.Field(RateLimitOverride, number=2)
    hits_addend = proto.Field(UInt64Value, number=3)


class RateLimitRequest(proto.Message):
    """What `ShouldRateLimit` is asked."""

    domain = proto.Field(proto.STRING, number=1)
    descriptors = proto.RepeatedField(RateLimitDescriptor, number=2)
    hits_addend = proto.Field(proto.UINT32, number=3)


class RateLimitResponse(proto.Message):
    """What `ShouldRateLimit` answers: `statuses` has one for each descriptor, in their order."""

    class Code(proto.Enum):
        """Whether the request may go on."""

        UNKNOWN = 0
        OK = 1
        OVER_LIMIT = 2

    class RateLimit(proto.Message):
        """A limit as it is told."""

        class Unit(proto.Enum):
            """The periods that the protocol has."""

            UNKNOWN = 0
            SECOND = 1
            MINUTE = 2
            HOUR = 3
            DAY = 4
            MONTH = 5
            YEAR = 6
            WEEK = 7

        requests_per_unit = proto.Field(proto.UINT32, number=1)
        unit = proto.Field(proto.ENUM, number=2, enum=Unit)
        name = proto.Field(proto.STRING, number=3)

    class DescriptorStatus(proto.Message):
        """How one descriptor stands."""

        code = proto.Field(proto.ENUM, number=1, enum="RateLimitResponse.Code")
        current_limit = proto.Field("RateLimitResponse.RateLimit", number=2)
        limit_remaining = proto.Field(proto.UINT32, number=3)
        duration_until_reset = proto.Field(Duration, number=4)

    overall_code = proto.Field(proto.ENUM, number=1, enum=Code)
    statuses = proto.RepeatedField(DescriptorStatus, number=2)
    response_headers_to_add = proto.RepeatedField(HeaderValue, number=3)
