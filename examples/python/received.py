"""What the test server `hostile` tells of the messages that reached it."""

import time

from google.protobuf.json_format import MessageToDict
from mcpmanager.v1.manager_pb2 import CallToolRequest

from check import expect


def received(manager):
    answer = manager.CallTool(CallToolRequest(server="hostile", tool="received"))
    return MessageToDict(answer.structured_content)["messages"]


def calls_with(messages, mark):
    return [m for m in messages if m.get("params", {}).get("arguments", {}).get("mark") == mark]


def fate_of(manager, mark):
    """What became of the last call with this mark among its arguments."""
    messages = received(manager)
    calls = calls_with(messages, mark)
    if not calls:
        return "unknown"
    cancelled = [m["params"]["requestId"] for m in messages if m.get("method") == "notifications/cancelled"]
    return "cancelled" if calls[-1]["id"] in cancelled else "running"


def until(holds):
    give_up = time.monotonic() + 10
    while not holds():
        expect(time.monotonic() < give_up, "the server was not told within 10 s")
