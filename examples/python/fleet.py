import json

from google.protobuf.duration_pb2 import Duration
from mcpmanager.v1.manager_pb2 import (
    GetInfoRequest,
    GetRequest,
    ListRequest,
    RestartRequest,
    StartRequest,
    StopRequest,
)
from mcpmanager.v1.server_pb2 import SERVER_STATE_READY

from check import Check, expect
from failure import failure_of
from specs import EVERYTHING, HOSTILE


def get_info(manager, _target):
    info = manager.GetInfo(GetInfoRequest())
    expect(info.limits.max_request_bytes > 0, "no limits")
    expect("idempotency_key" in info.features, info.features)
    return f"{info.version} on {info.runtime} {info.engine_version}"


def start(manager, _target):
    hostile = manager.Start(StartRequest(name="hostile", spec=HOSTILE)).server
    everything = manager.Start(StartRequest(name="everything", spec=EVERYTHING)).server
    expect(hostile.state == everything.state == SERVER_STATE_READY, hostile.state)
    return f"{hostile.name} and {everything.mcp.server_name} are ready"


def start_again(manager, _target):
    before = manager.Get(GetRequest(name="everything")).server
    server = manager.Start(StartRequest(name="everything", spec=EVERYTHING)).server
    expect(server.instances[0].container_id == before.instances[0].container_id, server)
    return "the same container"


def get(manager, _target):
    server = manager.Get(GetRequest(name="everything")).server
    expect(server.spec.image == EVERYTHING.image, server.spec)
    expect("tools" in json.loads(server.mcp.capabilities_json), "no tools declared")
    return f"MCP {server.mcp.protocol_version}"


def list_servers(manager, _target):
    names, token = [], None
    while token != "":
        page = manager.List(ListRequest(page_size=1, page_token=token))
        names += [server.name for server in page.servers]
        token = page.next_page_token
    expect(names == ["everything", "hostile"], names)
    return f"{', '.join(names)} in pages of one"


def restart(manager, _target):
    before = manager.Get(GetRequest(name="everything")).server.instances[0]
    request = RestartRequest(name="everything", grace_period=Duration(seconds=5))
    after = manager.Restart(request).server.instances[0]
    expect(after.container_id == before.container_id, "another container")
    expect(after.start_time != before.start_time, "no new start")
    return "a new process in the same container"


def stop(manager, _target):
    first = manager.Stop(StopRequest(name="everything"))
    second = manager.Stop(StopRequest(name="everything"))
    manager.Stop(StopRequest(name="hostile", grace_period=Duration()))  # killed at once
    expect(first.found and not second.found, (first, second))
    gone = failure_of(lambda: manager.Get(GetRequest(name="everything")))
    expect(gone.reason == "SERVER_NOT_FOUND" and gone.delivery == "not_sent", gone)
    return f"then Get says {gone}"


# What comes first: nothing can be called before it is started.
STARTING = [
    Check("GetInfo", get_info),
    Check("Start", start),
    Check("Start again", start_again),
    Check("Get", get),
    Check("List", list_servers),
    Check("Restart", restart),
]
STOPPING = [Check("Stop", stop)]
