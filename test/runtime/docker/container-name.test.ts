import { describe, expect, test } from "vitest";
import {
  containerName,
  isStopping,
  restartingName,
  stoppingName,
  stoppingNameWithId,
} from "../../../src/runtime/docker/container-name.ts";

describe("container names", () => {
  test("are short in the default fleet and carry the fleet elsewhere", () => {
    expect(containerName("default", "files", 0)).toBe("mcp-files");
    expect(containerName("blue", "files", 0)).toBe("mcp-blue.files");
    expect(containerName("default", "files", 1)).toBe("mcp-files.2");
  });

  test("tell a container that is being stopped", () => {
    const owner = { fleet: "default", server: "files", replica: 0 };
    const stopping = stoppingName("default", "files", 0);
    expect(stopping).toBe("mcp-files.stopping");
    expect(isStopping(stopping, owner)).toBe(true);
    expect(isStopping(stoppingNameWithId(stopping, "a".repeat(64)), owner)).toBe(true);
    expect(isStopping("mcp-files", owner)).toBe(false);
  });

  test("tell a container that is being restarted from one that is being stopped", () => {
    const owner = { fleet: "default", server: "files", replica: 1 };
    expect(restartingName("default", "files", 1)).toBe("mcp-files.2.restarting");
    expect(isStopping("mcp-files.2.restarting", owner)).toBe(false);
  });

  test("don't take a server called stopping for one that is", () => {
    expect(isStopping(containerName("blue", "stopping", 0), { fleet: "blue", server: "stopping", replica: 0 })).toBe(
      false,
    );
  });
});
