#!/usr/bin/env node
// The package's command. An older Node could not even parse the rest, and would say no more than where.
const [major = 0] = process.versions.node.split(".").map(Number);
if (major < 24) {
  process.stderr.write(`mcp-docker-manager: this is Node ${process.versions.node}; Node 24 or newer is needed\n`);
  process.exitCode = 1;
} else {
  await import("./main.ts");
}
