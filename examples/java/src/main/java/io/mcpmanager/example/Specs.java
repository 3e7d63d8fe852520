package io.mcpmanager.example;

import io.mcpmanager.v1.PullPolicy;
import io.mcpmanager.v1.ServerSpec;

/** What the checks run. */
final class Specs {
  /** MCP's reference server: one of each that the protocol has. Built here by `make build`. */
  static final ServerSpec EVERYTHING =
      ServerSpec.newBuilder()
          .setImage("mcp/everything:latest")
          .setPullPolicy(PullPolicy.PULL_POLICY_NEVER)
          .build();

  /** A test server whose tools never answer, exit, or tell what reached them, with a resource to subscribe to. */
  static final ServerSpec HOSTILE =
      ServerSpec.newBuilder()
          .setImage("mcpm-test/servers:latest")
          .addArgs("hostile.mjs")
          .addArgs("--offers")
          .setPullPolicy(PullPolicy.PULL_POLICY_NEVER)
          .build();
}
