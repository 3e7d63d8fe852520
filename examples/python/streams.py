import json

import grpc
from mcpmanager.v1.manager_pb2 import (
    LOG_SOURCE_STDERR,
    CallToolRequest,
    CallToolStreamRequest,
    LogsRequest,
    RestartRequest,
    WatchRequest,
)
from mcpmanager.v1.manager_pb2_grpc import ManagerServiceStub
from mcpmanager.v1.server_pb2 import SERVER_STATE_READY, ServerState

from calls import text_of
from check import Check, expect


def logs(manager, _target):
    stream = manager.Logs(LogsRequest(server="hostile", follow=True, tail=0, sources=[LOG_SOURCE_STDERR]))
    for event in stream:
        if event.HasField("line"):
            stream.cancel()
            return f"followed: {event.line.text}"
        # The first event comes at once: from here on no line is missed.
        manager.CallTool(CallToolRequest(server="hostile", tool="stderr", arguments={"text": "a line on stderr"}))
    raise AssertionError("the stream ended")


def call_tool_stream(manager, _target):
    request = CallToolStreamRequest(
        server="everything", tool="trigger-long-running-operation", arguments={"duration": 1, "steps": 2}
    )
    seen = []
    for event in manager.CallToolStream(request):
        if event.HasField("progress"):
            seen.append(f"{event.progress.progress:g} of {event.progress.total:g}")
        elif event.HasField("result"):
            seen.append(text_of(event.result))
    expect(len(seen) == 3 and seen[1] == "2 of 2", seen)
    return ", ".join(seen)


def result_in_pieces(_manager, target):
    request = CallToolStreamRequest(server="hostile", tool="large", arguments={"bytes": 5_000_000})
    with grpc.insecure_channel(target) as channel:
        events = list(ManagerServiceStub(channel).CallToolStream(request))
    pieces = [event.result_chunk.result_json for event in events if event.HasField("result_chunk")]
    text = json.loads("".join(pieces))["content"][0]["text"]
    expect(len(text) == 5_000_000, f"{len(text)} characters")
    return f"5 MB in {len(pieces)}, below every client's limit"


def watch(manager, _target):
    stream, seen, restart = manager.Watch(WatchRequest()), [], None
    for event in stream:
        if event.HasField("snapshot"):
            seen.append(f"{len(event.snapshot.servers)} servers")
            restart = manager.Restart.future(RestartRequest(name="everything"))
        elif event.HasField("change"):
            seen.append(ServerState.Name(event.change.server.state).removeprefix("SERVER_STATE_"))
            if event.change.server.state == SERVER_STATE_READY:
                restart.result()
                stream.cancel()
                return ", ".join(seen)
    raise AssertionError("the stream ended")


STREAMS = [
    Check("Logs", logs),
    Check("CallToolStream", call_tool_stream),
    Check("result in pieces", result_in_pieces),
    Check("Watch", watch),
]
