import { describe, expect, test } from "vitest";
import type { ServerSpec } from "../../../../src/base/spec/spec.ts";
import {
  containerLabels,
  eraOf,
  isOwned,
  ownerFilter,
  readSpec,
  replacesOf,
  replicaOf,
  specLabel,
} from "../../../../src/runtime/docker/engine/labels.ts";
import type { CreateRequest } from "../../../../src/runtime/runtime.ts";

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
  containerLabels({ ...owner, spec, ...more }, { fleet: "blue", imageLabels: {}, allowLabels: [] });
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
      "mcpm.label.team": "données",
    });
    expect(isOwned(labels, "blue")).toBe(true);
    expect(isOwned(labels, "red")).toBe(false);
    expect(isOwned(null, "blue")).toBe(false);
    expect(ownerFilter("blue")).toEqual(["managed-by=mcp-docker-manager", "mcpm.fleet=blue"]);
  });

  test("number the copies of a server", () => {
    expect(replicaOf(labelsOf(full))).toBe(0);
    expect(replicaOf(labelsOf(full, { replica: 2 }))).toBe(2);
    // As managers wrote them that did not set what had no value.
    expect(replicaOf({})).toBe(0);
    for (const odd of ["-1", "1.5", "x", "1e3", "99999999999"])
      expect(replicaOf({ "mcpm.replica": odd })).toBeUndefined();
  });

  test("are all set, whatever the image says, and what else it says is blank but for what describes it", () => {
    const imageLabels = {
      "mcpm.replica": "7",
      "mcpm.replaces": "bystander",
      "mcpm.instance": "i-0",
      "mcpm.spec": "{}",
      "mcpm.era": "legacy",
      exitCode: "0",
      "traefik.enable": "true",
      "com.docker.compose.project": "web",
      "org.opencontainers.image.title": "A server",
    };
    const context = { fleet: "blue", imageLabels, allowLabels: [] };
    const plain = containerLabels({ ...owner, spec: { image: "a" } }, { ...context, imageLabels: {} });
    const labels = containerLabels({ ...owner, spec: { image: "a" } }, context);
    expect(labels).toEqual({ ...plain, exitCode: "", "traefik.enable": "", "com.docker.compose.project": "" });
    // A container has its image's labels where it was given none of that name.
    for (const name of Object.keys(imageLabels).filter((name) => name.startsWith("mcpm."))) {
      expect(labels, name).toHaveProperty([name]);
    }
  });

  test("of a spec go out under a prefix, but for those that the operator lists", () => {
    const labels = { team: "a", "com.example.a": "b", "traefik.enable": "true", "com.docker.compose.project": "web" };
    const context = { fleet: "blue", imageLabels: {}, allowLabels: ["team", "com.example.*"] };
    const out = containerLabels({ ...owner, spec: { image: "a", labels } }, context);
    expect(out).toMatchObject({
      team: "a",
      "com.example.a": "b",
      "mcpm.label.traefik.enable": "true",
      "mcpm.label.com.docker.compose.project": "web",
    });
    for (const name of ["traefik.enable", "com.docker.compose.project"]) expect(out).not.toHaveProperty([name]);
    expect(readSpec(out, []).labels).toEqual(labels);
  });

  test("call the era auto when it is to be found out", () => {
    expect(eraOf(labelsOf({ image: "a" }))).toBeUndefined();
    expect(labelsOf({ image: "a" })["mcpm.era"]).toBe("auto");
    expect(eraOf(labelsOf({ image: "a" }, { era: "legacy" }))).toBe("legacy");
    expect(eraOf(labelsOf({ image: "a" }, { era: "modern" }))).toBe("modern");
  });

  test("say whose place a container takes, if it takes any", () => {
    const id = "0a".repeat(32);
    expect(replacesOf(labelsOf(full))).toBeUndefined();
    expect(replacesOf(labelsOf(full, { replaces: id }))).toBe(id);
    expect(replacesOf({})).toBeUndefined();
    for (const odd of ["mcp-other", "../volumes/x", id.toUpperCase(), `${id}\n`, id.slice(1)]) {
      expect(replacesOf({ "mcpm.replaces": odd }), odd).toBeUndefined();
    }
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
