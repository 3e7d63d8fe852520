import grpc
from mcpmanager.v1.manager_pb2 import CallToolRequest, GetInfoRequest, StartRequest
from mcpmanager.v1.server_pb2 import MOUNT_TYPE_VOLUME, Mount, ServerSpec

from check import Check, expect
from failure import failure_of
from received import fate_of, until
from specs import EVERYTHING


def never(mark):
    return CallToolRequest(server="hostile", tool="never", arguments={"mark": mark})


def deadline(manager, _target):
    failure = failure_of(lambda: manager.CallTool(never("deadline"), timeout=0.5))
    expect(failure.code == grpc.StatusCode.DEADLINE_EXCEEDED, failure)
    until(lambda: fate_of(manager, "deadline") == "cancelled")
    return f"{failure}; the server was told"


def cancel(manager, _target):
    call = manager.CallTool.future(never("cancel"))
    until(lambda: fate_of(manager, "cancel") == "running")
    call.cancel()
    expect(call.code() == grpc.StatusCode.CANCELLED, call.code())
    until(lambda: fate_of(manager, "cancel") == "cancelled")
    return f"{call.code().name}; the server was told"


def error_info(manager, _target):
    request = CallToolRequest(server="hostile", tool="exit", arguments={"code": 7, "stderr": "out of luck"})
    failure = failure_of(lambda: manager.CallTool(request))
    expect(failure.code == grpc.StatusCode.ABORTED and failure.reason == "SERVER_EXITED", failure)
    expect(failure.delivery == "sent" and failure.metadata["exit_code"] == "7", failure)
    return f"{failure}; exit code 7, stderr: {failure.metadata['stderr_tail'].splitlines()[-1]}"


def bad_request(manager, _target):
    spec = ServerSpec(mounts=[Mount(type=MOUNT_TYPE_VOLUME, source="data", target="not/absolute")])
    spec.MergeFrom(EVERYTHING)
    failure = failure_of(lambda: manager.Start(StartRequest(name="other", spec=spec)))
    expect(failure.code == grpc.StatusCode.INVALID_ARGUMENT, failure)
    expect(failure.fields == ["spec.mounts[0].target"], failure)
    return str(failure)


def validated_arguments(manager, _target):
    request = CallToolRequest(
        server="everything", tool="get-sum", arguments={"a": "two", "b": 3}, validate_arguments=True
    )
    failure = failure_of(lambda: manager.CallTool(request))
    expect(failure.code == grpc.StatusCode.INVALID_ARGUMENT and failure.delivery == "not_sent", failure)
    expect(failure.fields == ["arguments.a"], failure)
    return str(failure)


def too_large_a_request(manager, _target):
    message = "x" * manager.GetInfo(GetInfoRequest()).limits.max_request_bytes
    request = CallToolRequest(server="everything", tool="echo", arguments={"message": message})
    failure = failure_of(lambda: manager.CallTool(request))
    expect(failure.code == grpc.StatusCode.RESOURCE_EXHAUSTED, failure)
    expect(failure.reason == "MESSAGE_TOO_LARGE", failure)
    return str(failure)


FAILURES = [
    Check("deadline", deadline),
    Check("cancel", cancel),
    Check("ErrorInfo", error_info),
    Check("BadRequest", bad_request),
    Check("validated arguments", validated_arguments),
    Check("too large a request", too_large_a_request),
]
