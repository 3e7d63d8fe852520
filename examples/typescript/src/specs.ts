import type { MessageInitShape } from "@bufbuild/protobuf";
import { PullPolicy, type ServerSpecSchema } from "../gen/mcpmanager/v1/server_pb.ts";

type Spec = MessageInitShape<typeof ServerSpecSchema>;

/** MCP's reference server: one of each that the protocol has. */
export const everything = {
  image: "mcp/everything:latest",
  pullPolicy: PullPolicy.NEVER, // built here by `make build`
} satisfies Spec;

/** A test server whose tools never answer, exit, or tell what reached them, with a resource to subscribe to. */
export const hostile = {
  image: "mcpm-test/servers:latest",
  args: ["hostile.mjs", "--offers"],
  pullPolicy: PullPolicy.NEVER,
} satisfies Spec;
