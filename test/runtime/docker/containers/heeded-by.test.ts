import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { ServerSpec } from "../../../../src/base/spec/spec.ts";
import { containerOptions, type heededBy } from "../../../../src/runtime/docker/containers/container-options.ts";
import { membersRead } from "../../../sources/members-read.ts";

type HeededBy<Who> = {
  [Field in keyof ServerSpec]-?: (typeof heededBy)[Field] extends Who ? Field : never;
}[keyof ServerSpec];

/** A value of each field that changes the request. */
const changes: { readonly [Field in HeededBy<"request">]: Required<ServerSpec>[Field] } = {
  image: "other",
  command: ["run"],
  args: ["--fast"],
  env: { A: "b" },
  limits: { cpus: 2, memoryBytes: 7_000_000, pids: 7 },
  network: "bridge",
  workingDir: "/work",
  user: "7:7",
  readOnlyRoot: false,
  capAdd: ["CHOWN"],
  init: false,
};

/** Where each of the others is read. */
const readIn: Readonly<Record<HeededBy<"runtime" | "manager">, string>> = {
  mounts: "runtime/docker/containers/create-container.ts",
  labels: "runtime/docker/engine/labels.ts",
  era: "fleet/instance/launch.ts",
  pullPolicy: "fleet/instance/launch.ts",
  restart: "fleet/instance/instance-status.ts",
  handshakeTimeoutMs: "fleet/instance/shake-hands.ts",
  callTimeoutMs: "fleet/fleet.ts",
  health: "fleet/run/health.ts",
  idleTimeoutMs: "fleet/wish.ts",
  replicas: "fleet/replicas/replicas.ts",
  callLimits: "fleet/wish.ts",
  secrets: "base/spec/secret-places.ts",
  secretFiles: "base/spec/secret-places.ts",
};

describe("No field of a spec is ignored by Docker:", () => {
  const requestOf = (spec: ServerSpec) => JSON.stringify(containerOptions(spec, { labels: {}, mounts: [] }));

  test.each(Object.entries(changes))("the create request heeds %s", (field, value) => {
    expect(requestOf({ image: "a", [field]: value })).not.toBe(requestOf({ image: "a" }));
  });

  test.each(Object.entries(readIn))("%s is read where the table says", (field, path) => {
    const file = `src/${path}`;
    const text = readFileSync(new URL(`../../../../${file}`, import.meta.url), "utf8");
    expect(membersRead(file, text)).toContain(field);
  });
});
