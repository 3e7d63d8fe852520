import json

from google.protobuf.json_format import MessageToDict
from mcpmanager.v1.manager_pb2 import CallToolRequest
from mcpmanager.v1.tool_pb2 import RESULT_FORMAT_JSON

from check import expect


def call_tool(manager):
    # A Struct is made from a dict.
    text = text_of(manager.CallTool(CallToolRequest(server="everything", tool="get-sum", arguments={"a": 2, "b": 3})))
    expect(text == "The sum of 2 and 3 is 5.", text)
    return text


def structured_content(manager):
    request = CallToolRequest(server="everything", tool="get-structured-content", arguments={"location": "Chicago"})
    answer = manager.CallTool(request)
    # `structured_content_json` is the other case: JSON that a Value can't hold, such as an integer beyond 2^53.
    expect(answer.WhichOneof("structured") == "structured_content", answer)
    weather = MessageToDict(answer.structured_content)  # numbers are floats
    expect(weather["temperature"] == 36, weather)
    return json.dumps(weather)


def json_form(manager):
    """Arguments and result as JSON text, in which no number is rounded."""
    message = "👩‍👩‍👧 a\u00a0b שלום 𝒳 e\u0301"
    request = CallToolRequest(
        server="everything",
        tool="echo",
        arguments_json=json.dumps({"message": message}),
        result_format=RESULT_FORMAT_JSON,
    )
    result_json = manager.CallTool(request).result_json
    expect(json.loads(result_json)["content"][0]["text"] == f"Echo: {message}", result_json)
    return result_json


def large_result(manager):
    """Above the limit that the channel has by default: see main.py."""
    message = "x" * 5_000_000
    text = text_of(manager.CallTool(CallToolRequest(server="everything", tool="echo", arguments={"message": message})))
    expect(text == f"Echo: {message}", f"{len(text)} characters")
    return "5 MB"


def text_of(answer):
    return "".join(block.text.text for block in answer.content)  # "" for another kind


CALLS = {
    "CallTool": call_tool,
    "structured content": structured_content,
    "JSON form": json_form,
    "large result": large_result,
}
