import { describe, expect, test } from "vitest";
import {
  containerName,
  isStopping,
  namesOf,
  restartingName,
  stoppingName,
  stoppingNameWithId,
} from "../../../../src/runtime/docker/containers/container-name.ts";

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
    const id = "a".repeat(64);
    expect(isStopping({ name: stopping, id }, owner)).toBe(true);
    expect(isStopping({ name: stoppingNameWithId(stopping, id), id }, owner)).toBe(true);
    expect(isStopping({ name: "mcp-files", id }, owner)).toBe(false);
    expect(isStopping({ name: `${stopping}-of-mine`, id }, owner)).toBe(false);
  });

  test("tell a container that is being restarted from one that is being stopped", () => {
    const owner = { fleet: "default", server: "files", replica: 1 };
    expect(restartingName("default", "files", 1)).toBe("mcp-files.2.restarting");
    expect(isStopping({ name: "mcp-files.2.restarting", id: "" }, owner)).toBe(false);
  });

  test("are those that one copy of a server can have, and no others", () => {
    const names = namesOf("default", "files", 1);
    const id = "b".repeat(64);
    const its = ["mcp-files.2", "mcp-files.2.next", "mcp-files.2.restarting", "mcp-files.2.stopping"];
    for (const name of [...its, `mcp-files.2.stopping-${id.slice(0, 12)}`])
      expect(names.has(name, id), name).toBe(true);
    for (const name of ["mcp-files", "mcp-files.3", "mcp-other.2", "mcp-files.2.nextt", "", "mcp-files.2.stopping-x"]) {
      expect(names.has(name, id), name).toBe(false);
    }
  });

  test("don't take a server called stopping for one that is", () => {
    const name = containerName("blue", "stopping", 0);
    expect(isStopping({ name, id: "" }, { fleet: "blue", server: "stopping", replica: 0 })).toBe(false);
  });
});
