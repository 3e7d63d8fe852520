import { describe, expect, test } from "vitest";
import {
  containerName,
  isStopping,
  stoppingName,
  stoppingNameWithId,
} from "../../../src/runtime/docker/container-name.ts";

describe("container names", () => {
  test("are short in the default fleet and carry the fleet elsewhere", () => {
    expect(containerName("default", "files")).toBe("mcp-files");
    expect(containerName("blue", "files")).toBe("mcp-blue.files");
  });

  test("tell a container that is being stopped", () => {
    const owner = { fleet: "default", server: "files" };
    const stopping = stoppingName("default", "files");
    expect(stopping).toBe("mcp-files.stopping");
    expect(isStopping(stopping, owner)).toBe(true);
    expect(isStopping(stoppingNameWithId(stopping, "a".repeat(64)), owner)).toBe(true);
    expect(isStopping("mcp-files", owner)).toBe(false);
  });

  test("don't take a server called stopping for one that is", () => {
    expect(isStopping(containerName("blue", "stopping"), { fleet: "blue", server: "stopping" })).toBe(false);
  });
});
