import { describe, expect, test } from "vitest";
import {
  containerLabels,
  eraOf,
  isOwned,
  ownerFilter,
  readSpec,
  replicaOf,
  specLabel,
} from "../../../src/runtime/docker/labels.ts";
import type { CreateRequest } from "../../../src/runtime/runtime.ts";
import type { ServerSpec } from "../../../src/spec.ts";

const owner = { server: "files", instance: "i-1", replica: 0 };

const full: ServerSpec = {
  image: "mcp/filesystem:latest",
  command: ["node"],
  args: ["server.js", "/data"],
  env: { TOKEN: "hunter2", EMPTY: "", ODD: "a=b=c" },
  mounts: [{ type: "bind", source: "/srv/data", target: "/data", writable: true }],
  limits: { cpus: 0.5, memoryBytes: 1 << 28, pids: 10 },
  network: "bridge",
  readOnlyRoot: false,
  era: "legacy",
  labels: { team: "données" },
};
const labelsOf = (spec: ServerSpec, more: Partial<CreateRequest> = {}) =>
  containerLabels({ ...owner, spec, ...more }, "blue");
const containerEnv = ["PATH=/bin", "TOKEN=hunter2", "EMPTY=", "ODD=a=b=c"];

describe("labels", () => {
  test("give back the user's spec, env values from the container", () => {
    expect(readSpec(labelsOf(full), containerEnv)).toEqual(full);
  });

  test("give back a spec without env, and without defaults filled in", () => {
    const spec: ServerSpec = { image: "a" };
    expect(readSpec(labelsOf(spec), ["PATH=/bin"])).toEqual(spec);
  });

  test("hold no env value", () => {
    expect(JSON.stringify(labelsOf(full))).not.toContain("hunter2");
  });

  test("are the same for a spec with its keys in another order", () => {
    const reversed = Object.fromEntries(Object.entries(full).reverse()) as unknown as ServerSpec;
    expect(specLabel(reversed)).toBe(specLabel(full));
  });

  test("say whose container it is", () => {
    const labels = labelsOf(full);
    expect(labels).toMatchObject({
      "managed-by": "mcp-docker-manager",
      "mcpm.fleet": "blue",
      "mcpm.server": "files",
      "mcpm.instance": "i-1",
      "mcpm.era": "auto",
      team: "données",
    });
    expect(isOwned(labels, "blue")).toBe(true);
    expect(isOwned(labels, "red")).toBe(false);
    expect(isOwned(null, "blue")).toBe(false);
    expect(ownerFilter("blue")).toEqual(["managed-by=mcp-docker-manager", "mcpm.fleet=blue"]);
  });

  test("number the copies of a server but for the first", () => {
    expect(replicaOf(labelsOf(full))).toBe(0);
    expect(replicaOf(labelsOf(full, { replica: 2 }))).toBe(2);
    expect(labelsOf(full)).not.toHaveProperty("mcpm.replica");
  });

  test("call the era auto when it is to be found out", () => {
    expect(eraOf(labelsOf({ image: "a" }))).toBeUndefined();
    expect(labelsOf({ image: "a" })["mcpm.era"]).toBe("auto");
    expect(eraOf(labelsOf({ image: "a" }, { era: "legacy" }))).toBe("legacy");
    expect(eraOf(labelsOf({ image: "a" }, { era: "modern" }))).toBe("modern");
  });

  test("say whose place a container takes, if it takes any", () => {
    expect(labelsOf(full)).not.toHaveProperty("mcpm.replaces");
    expect(labelsOf(full, { replaces: "abc" })["mcpm.replaces"]).toBe("abc");
  });

  test.each([
    ["a spec of another kind", { "mcpm.spec": '{"image":"x","replicas":"a"}' }],
    ["a spec that is no JSON", { "mcpm.spec": "{" }],
    ["no spec", { "mcpm.spec": undefined }],
    ["a name that no server can have", { "mcpm.server": "Bad Name/../x" }],
    ["no name", { "mcpm.server": undefined }],
  ])("are not read with %s", (_what, odd) => {
    const labels = JSON.parse(JSON.stringify({ ...labelsOf({ image: "a" }), ...odd }));
    expect(() => readSpec(labels, [])).toThrow();
  });

  test("can't be overridden by the user's labels", () => {
    const labels = labelsOf({ image: "a", labels: { "mcpm.fleet": "red", "managed-by": "me" } });
    expect(isOwned(labels, "blue")).toBe(true);
  });

  test.each([
    ["is missing", {}],
    ["is not JSON", { "mcpm.spec": "{" }],
    ["is not a spec", { "mcpm.spec": "[]" }],
    ["names an env key the container lacks", { "mcpm.spec": '{"env":{"A":""},"image":"a"}' }],
  ])("throw when the spec %s", (_what, labels) => {
    expect(() => readSpec(labels as Record<string, string>, [])).toThrow();
  });
});
