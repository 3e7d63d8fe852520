"""What the checks run."""

from mcpmanager.v1.server_pb2 import PULL_POLICY_NEVER, ServerSpec

# MCP's reference server: one of each that the protocol has. Built here by `make build`.
EVERYTHING = ServerSpec(image="mcp/everything:latest", pull_policy=PULL_POLICY_NEVER)

# A test server whose tools never answer, exit, or tell what reached them, with a resource to subscribe to.
HOSTILE = ServerSpec(
    image="mcpm-test/servers:latest",
    args=["hostile.mjs", "--offers"],
    pull_policy=PULL_POLICY_NEVER,
)
