import json

from mcpmanager.v1.manager_pb2 import CallToolStreamRequest, RestartRequest, WatchRequest
from mcpmanager.v1.server_pb2 import SERVER_STATE_READY, ServerState

from calls import text_of
from check import expect


def call_tool_stream(manager):
    request = CallToolStreamRequest(
        server="everything", tool="trigger-long-running-operation", arguments={"duration": 0.2, "steps": 2}
    )
    seen = []
    for event in manager.CallToolStream(request):
        if event.HasField("progress"):
            seen.append(f"{event.progress.progress:g} of {event.progress.total:g}")
        elif event.HasField("result"):
            seen.append(text_of(event.result))
    expect(len(seen) == 3 and seen[1] == "2 of 2", seen)
    return ", ".join(seen)


def result_in_pieces(manager):
    """Below the limit of every client, whatever the size of the result."""
    message = "x" * 5_000_000
    request = CallToolStreamRequest(server="everything", tool="echo", arguments={"message": message})
    events = manager.CallToolStream(request)
    pieces = [event.result_chunk.result_json for event in events if event.HasField("result_chunk")]
    text = json.loads("".join(pieces))["content"][0]["text"]
    expect(len(pieces) > 1 and text == f"Echo: {message}", f"{len(pieces)} pieces")
    return f"5 MB in {len(pieces)}"


def watch(manager):
    """A subscription: what there is, then every change, until the caller leaves."""
    stream, seen = manager.Watch(WatchRequest()), []
    for event in stream:
        if event.HasField("snapshot"):
            seen.append(f"{len(event.snapshot.servers)} server")
            manager.Restart(RestartRequest(name="everything"))
        elif event.HasField("change"):
            state = event.change.server.state
            seen.append(ServerState.Name(state).removeprefix("SERVER_STATE_"))
            if state == SERVER_STATE_READY:
                stream.cancel()
                return ", ".join(seen)
    raise AssertionError("the stream ended")


STREAMS = {
    "CallToolStream": call_tool_stream,
    "result in pieces": result_in_pieces,
    "Watch": watch,
}
