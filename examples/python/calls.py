import json
import uuid

import grpc
from google.protobuf.json_format import MessageToDict
from mcpmanager.v1.manager_pb2 import CallToolRequest, ListToolsRequest
from mcpmanager.v1.manager_pb2_grpc import ManagerServiceStub
from mcpmanager.v1.tool_pb2 import RESULT_FORMAT_JSON

from check import Check, expect
from failure import failure_of
from received import calls_with, received

# Combined emoji, a no-break space, right-to-left scripts, a character beyond the BMP, a combining accent.
TEXT = "👩‍👩‍👧 a\u00a0b שלום مرحبا 𝒳 e\u0301 日本"

BIG = 9007199254740993  # no double is 2^53 + 1, and a Struct holds doubles


def text_of(answer):
    return "".join(block.text.text for block in answer.content)


def list_tools(manager, _target):
    tools = {tool.name: tool for tool in manager.ListTools(ListToolsRequest(server="everything")).tools}
    expect(json.loads(tools["echo"].input_schema_json)["type"] == "object", "no echo with a schema")
    return f"{len(tools)} tools"


def call_tool(manager, _target):
    # A Struct is made from a dict.
    request = CallToolRequest(server="everything", tool="get-sum", arguments={"a": 2, "b": 3})
    answer = manager.CallTool(request)
    expect("5" in text_of(answer), answer)
    return text_of(answer)


def structured_content(manager, _target):
    request = CallToolRequest(
        server="everything", tool="get-structured-content", arguments={"location": "Chicago"}
    )
    answer = manager.CallTool(request)
    expect(answer.WhichOneof("structured") == "structured_content", answer)
    return json.dumps(MessageToDict(answer.structured_content))


def a_picture(manager, _target):
    answer = manager.CallTool(CallToolRequest(server="everything", tool="get-tiny-image"))
    image = next(block.image for block in answer.content if block.HasField("image"))
    expect(image.data.startswith(b"\x89PNG"), "no PNG")
    return f"{len(image.data)} bytes of {image.mime_type}"


def a_tools_failure(manager, _target):
    answer = manager.CallTool(CallToolRequest(server="hostile", tool="fail"))
    expect(answer.is_error, answer)
    return f"is_error: {text_of(answer)}"


def non_ascii_text(manager, _target):
    answer = manager.CallTool(CallToolRequest(server="hostile", tool="echo", arguments={"text": TEXT}))
    expect(text_of(answer) == TEXT, answer)
    return TEXT


def idempotency_key(manager, _target):
    mark = str(uuid.uuid4())
    request = CallToolRequest(
        server="hostile", tool="echo", arguments={"text": "once", "mark": mark}, idempotency_key=mark
    )
    answers = [call.result() for call in [manager.CallTool.future(request) for _ in range(2)]]
    calls = calls_with(received(manager), mark)
    expect([text_of(answer) for answer in answers] == ["once", "once"] and len(calls) == 1, calls)
    return "two callers, one call"


def big_integers(manager, _target):
    arguments_json = json.dumps({"n": BIG})
    line = text_of(manager.CallTool(CallToolRequest(server="hostile", tool="line", arguments_json=arguments_json)))
    expect(f'"arguments":{arguments_json}' in line, line)

    text = f'{{"content":[],"structuredContent":{{"n":{BIG}}}}}'
    request = CallToolRequest(server="hostile", tool="raw", arguments={"json": text})
    answer = manager.CallTool(request)
    expect(json.loads(answer.structured_content_json) == {"n": BIG}, answer)
    request.result_format = RESULT_FORMAT_JSON
    answer = manager.CallTool(request)
    expect(answer.result_json == text, answer)
    return f"{BIG}, there and back"


def large(size):
    return CallToolRequest(server="hostile", tool="large", arguments={"bytes": size})


def result_of_3_mb(_manager, target):
    with grpc.insecure_channel(target) as channel:
        answer = ManagerServiceStub(channel).CallTool(large(3_000_000))
    expect(len(text_of(answer)) == 3_000_000, "another length")
    return "within every client's default limit"


def result_of_5_mb(manager, target):
    with grpc.insecure_channel(target) as channel:
        refused = failure_of(lambda: ManagerServiceStub(channel).CallTool(large(5_000_000)))
    expect(refused.code == grpc.StatusCode.RESOURCE_EXHAUSTED and refused.reason == "", refused)
    answer = manager.CallTool(large(5_000_000))
    expect(len(text_of(answer)) == 5_000_000, "another length")
    return f"by default {refused}; with grpc.max_receive_message_length it comes"


def request_of_8_mb(manager, _target):
    message = "x" * 8_000_000
    answer = manager.CallTool(CallToolRequest(server="everything", tool="echo", arguments={"message": message}))
    expect(text_of(answer).endswith(message), "another text")
    return "there and back"


CALLS = [
    Check("ListTools", list_tools),
    Check("CallTool", call_tool),
    Check("structured content", structured_content),
    Check("a picture", a_picture),
    Check("a tool's failure", a_tools_failure),
    Check("non-ASCII text", non_ascii_text),
    Check("idempotency key", idempotency_key),
    Check("big integers", big_integers),
    Check("3 MB result", result_of_3_mb),
    Check("5 MB result", result_of_5_mb),
    Check("8 MB request", request_of_8_mb),
]
