"""What an error of the manager says: its code, and the details that it carries."""

from collections.abc import Callable
from dataclasses import dataclass, field

import grpc
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo  # googleapis-common-protos
from grpc_status import rpc_status


@dataclass
class Failure:
    code: grpc.StatusCode
    # Stable; docs/api.md lists them. Empty: the error is of the client's own making.
    reason: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    # Paths of the fields that break a rule.
    fields: list[str] = field(default_factory=list)

    @property
    def delivery(self) -> str:
        """`not_sent`, `sent` or `answered`: whether repeating the call is safe."""
        return self.metadata.get("delivery", "")

    def __str__(self) -> str:
        return ", ".join(part for part in (self.code.name, self.reason, self.delivery, *self.fields) if part)


def read_failure(error: grpc.RpcError) -> Failure:
    failure = Failure(error.code())
    status = rpc_status.from_call(error)
    for detail in status.details if status else []:
        info, bad_request = ErrorInfo(), BadRequest()
        if detail.Unpack(info):
            failure.reason = info.reason
            failure.metadata = dict(info.metadata)
        elif detail.Unpack(bad_request):
            failure.fields = [violation.field for violation in bad_request.field_violations]
    return failure


def failure_of(call: Callable[[], object]) -> Failure:
    """What a call fails with; raises when it does not."""
    try:
        call()
    except grpc.RpcError as error:
        return read_failure(error)
    raise AssertionError("the call did not fail")
