"""What a server offers besides tools."""

from mcpmanager.v1.manager_pb2 import (
    LOG_LEVEL_WARNING,
    CallToolRequest,
    CompleteRequest,
    GetPromptRequest,
    ListPromptsRequest,
    ListResourcesRequest,
    ListResourceTemplatesRequest,
    ReadResourceRequest,
    SetLogLevelRequest,
    SubscribeResourceRequest,
)

from check import Check, expect
from received import received


def list_resources(manager, _target):
    resources = manager.ListResources(ListResourcesRequest(server="everything")).resources
    return f"{len(resources)} resources, the first {resources[0].name}"


def list_resource_templates(manager, _target):
    answer = manager.ListResourceTemplates(ListResourceTemplatesRequest(server="everything"))
    templates = [template.uri_template for template in answer.resource_templates]
    expect("demo://resource/dynamic/blob/{resourceId}" in templates, templates)
    return f"{len(templates)} templates"


def read_resource(manager, _target):
    request = ReadResourceRequest(server="everything", uri="demo://resource/dynamic/blob/1")
    answer = manager.ReadResource(request)
    expect(answer.contents[0].WhichOneof("contents") == "blob", answer)
    return answer.contents[0].blob.decode()


def subscribe_resource(manager, _target):
    uri = "mem://note"
    stream = manager.SubscribeResource(SubscribeResourceRequest(server="hostile", uri=uri))
    for event in stream:
        if event.HasField("updated"):
            stream.cancel()
            return f"{event.updated.uri} changed"
        if event.HasField("subscribed"):
            manager.CallTool(CallToolRequest(server="hostile", tool="touch", arguments={"uri": uri}))
    raise AssertionError("the stream ended")


def list_prompts(manager, _target):
    prompts = {prompt.name: prompt for prompt in manager.ListPrompts(ListPromptsRequest(server="everything")).prompts}
    city = prompts["args-prompt"].arguments[0]
    expect(city.name == "city" and city.required, city)
    return f"{len(prompts)} prompts"


def get_prompt(manager, _target):
    request = GetPromptRequest(server="everything", prompt="args-prompt", arguments={"city": "Paris"})
    message = manager.GetPrompt(request).messages[0]
    expect("Paris" in message.content.text.text, message)
    return f"{message.role}: {message.content.text.text}"


def complete(manager, _target):
    request = CompleteRequest(
        server="everything", prompt="completable-prompt", argument_name="department", argument_value="E"
    )
    values = list(manager.Complete(request).values)
    expect(values == ["Engineering"], values)
    return f"E becomes {', '.join(values)}"


def set_log_level(manager, _target):
    manager.SetLogLevel(SetLogLevelRequest(server="hostile", level=LOG_LEVEL_WARNING))
    levels = [m["params"]["level"] for m in received(manager) if m.get("method") == "logging/setLevel"]
    expect(levels[-1:] == ["warning"], levels)
    return "the server was told: warning"


OFFERS = [
    Check("ListResources", list_resources),
    Check("ListResourceTemplates", list_resource_templates),
    Check("ReadResource", read_resource),
    Check("SubscribeResource", subscribe_resource),
    Check("ListPrompts", list_prompts),
    Check("GetPrompt", get_prompt),
    Check("Complete", complete),
    Check("SetLogLevel", set_log_level),
]
