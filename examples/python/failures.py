import time
from dataclasses import dataclass, field

import grpc
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo  # googleapis-common-protos
from grpc_status import rpc_status
from mcpmanager.v1.manager_pb2 import CallToolRequest, GetRequest, RestartRequest

from calls import text_of
from check import expect


@dataclass
class Failure:
    """What an error of the manager says: its code, and the details that it carries."""

    code: grpc.StatusCode
    # Stable; docs/api.md lists them. Empty: the error is of the client's own making.
    reason: str = ""
    # `not_sent`, `sent` or `answered`: whether repeating the call is safe.
    delivery: str = ""
    # Paths of the fields that break a rule.
    fields: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return ", ".join(part for part in (self.code.name, self.reason, self.delivery, *self.fields) if part)


def read_failure(error: grpc.RpcError) -> Failure:
    failure = Failure(error.code())
    status = rpc_status.from_call(error)
    for detail in status.details if status else []:
        info, bad_request = ErrorInfo(), BadRequest()
        if detail.Unpack(info):
            failure.reason, failure.delivery = info.reason, info.metadata["delivery"]
        elif detail.Unpack(bad_request):
            failure.fields = [violation.field for violation in bad_request.field_violations]
    return failure


WRONG_TYPE = {"server": "everything", "tool": "get-sum", "arguments": {"a": "two", "b": 3}}

SLOW = CallToolRequest(
    server="everything", tool="trigger-long-running-operation", arguments={"duration": 20, "steps": 1}
)


def tool_error(manager):
    """A tool that failed has answered: the RPC succeeds."""
    answer = manager.CallTool(CallToolRequest(**WRONG_TYPE))
    expect(answer.is_error, answer)
    return text_of(answer)


def refused_arguments(manager):
    """The manager checks the same arguments by the tool's schema, if asked to, and the tool is not called."""
    request = CallToolRequest(**WRONG_TYPE, validate_arguments=True)
    failure = failure_of(lambda: manager.CallTool(request))
    expect(failure.code == grpc.StatusCode.INVALID_ARGUMENT and failure.reason == "ARGUMENTS_REJECTED", failure)
    expect(failure.delivery == "not_sent" and failure.fields == ["arguments.a"], failure)
    return str(failure)


def lost_call(manager):
    """The tool may have done its work: only the caller knows whether to call it again."""
    call = manager.CallTool.future(SLOW)
    until_in_flight(manager, 1)
    manager.Restart(RestartRequest(name="everything", grace_period=Duration()))
    failure = failure_of(call.result)
    expect(failure.code == grpc.StatusCode.ABORTED and failure.reason == "SERVER_RESTARTED", failure)
    expect(failure.delivery == "sent", failure)
    return str(failure)


def deadline(manager):
    """The client's own error has no reason; the manager's, if it comes first, has one."""
    failure = failure_of(lambda: manager.CallTool(SLOW, timeout=0.5))
    expect(failure.code == grpc.StatusCode.DEADLINE_EXCEEDED, failure)
    until_in_flight(manager, 0)
    return str(failure)


def cancel(manager):
    call = manager.CallTool.future(SLOW)
    until_in_flight(manager, 1)
    call.cancel()
    expect(call.code() == grpc.StatusCode.CANCELLED, call.code())
    until_in_flight(manager, 0)
    return call.code().name


def failure_of(call):
    """What a call fails with; raises when it does not."""
    try:
        call()
    except grpc.RpcError as error:
        return read_failure(error)
    raise AssertionError("the call did not fail")


def until_in_flight(manager, calls):
    """Waits until so many calls are with the server."""
    give_up = time.monotonic() + 10
    while (server := manager.Get(GetRequest(name="everything")).server).calls_in_flight != calls:
        expect(time.monotonic() < give_up, f"{server.calls_in_flight} calls in flight")


FAILURES = {
    "tool error": tool_error,
    "refused arguments": refused_arguments,
    "lost call": lost_call,
    "deadline": deadline,
    "cancel": cancel,
}
