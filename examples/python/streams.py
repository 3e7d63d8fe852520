from mcpmanager.v1.manager_pb2 import (
    LOG_SOURCE_STDERR,
    CallToolRequest,
    LogsRequest,
    RestartRequest,
    WatchRequest,
)
from mcpmanager.v1.server_pb2 import SERVER_STATE_READY, ServerState

from check import Check


def logs(manager, _target):
    stream = manager.Logs(LogsRequest(server="hostile", follow=True, tail=0, sources=[LOG_SOURCE_STDERR]))
    for event in stream:
        if event.HasField("line"):
            stream.cancel()
            return f"followed: {event.line.text}"
        # The first event comes at once: from here on no line is missed.
        manager.CallTool(CallToolRequest(server="hostile", tool="stderr", arguments={"text": "a line on stderr"}))
    raise AssertionError("the stream ended")


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


STREAMS = [Check("Logs", logs), Check("Watch", watch)]
