"""main URL: tries a manager by grpcio."""

import sys
from urllib.parse import urlsplit

import grpc
from google.protobuf.duration_pb2 import Duration
from mcpmanager.v1.manager_pb2 import StartRequest, StopRequest
from mcpmanager.v1.manager_pb2_grpc import ManagerServiceStub
from mcpmanager.v1.server_pb2 import PULL_POLICY_NEVER, SERVER_STATE_READY, ServerSpec

from calls import CALLS
from check import expect, run_checks
from failures import FAILURES
from streams import STREAMS


def start(manager):
    # MCP's reference server, as `make build-everything` builds it.
    spec = ServerSpec(image="mcp/everything:latest", pull_policy=PULL_POLICY_NEVER)
    server = manager.Start(StartRequest(name="everything", spec=spec)).server
    expect(server.state == SERVER_STATE_READY, server)
    return f"{server.mcp.server_name} is ready"


def stop(manager):
    request = StopRequest(name="everything", grace_period=Duration(seconds=5))  # for the calls in flight
    first = manager.Stop(request)
    second = manager.Stop(request)  # repeating it is safe
    expect(first.found and not second.found, (first, second))
    return "and gone"


url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
target = urlsplit(url).netloc  # gRPC takes host:port, no URL

# A gRPC client takes messages of 4 MB at most, unless it is told otherwise.
options = [("grpc.max_receive_message_length", 32 * 1024 * 1024)]

with grpc.insecure_channel(target, options) as channel:
    # In this order: the server is started, called, and stopped.
    checks = {"Start": start, **CALLS, **FAILURES, **STREAMS, "Stop": stop}
    passed = run_checks(checks, ManagerServiceStub(channel))
sys.exit(0 if passed else 1)
