import type Docker from "dockerode";
import { describe, expect, test } from "vitest";
import { instanceRecord } from "../../../../src/runtime/docker/containers/instance-record.ts";
import { containerLabels, label } from "../../../../src/runtime/docker/engine/labels.ts";

const id = "a".repeat(64);
const owner = { server: "files", instance: "i", replica: 0 };
const labels = containerLabels({ ...owner, spec: { image: "a" } }, { fleet: "blue", imageLabels: {}, allowLabels: [] });

interface Found {
  readonly name?: string;
  readonly terminal?: boolean;
  readonly spec?: string;
  readonly mounts?: readonly object[];
  readonly isNamedSo?: boolean;
  readonly state?: object;
}

function recordOf({ name = "mcp-blue.files", terminal = false, spec, mounts = [], isNamedSo = true, state }: Found) {
  const info = {
    Id: id,
    Name: `/${name}`,
    Image: "sha256:1",
    Created: "2026-01-01T00:00:00Z",
    State: { Status: "running", StartedAt: "2026-01-01T00:00:01Z", ...state },
    Config: { Tty: terminal, User: "", Env: [] },
    HostConfig: {},
    Mounts: mounts,
  } as unknown as Docker.ContainerInspectInfo;
  const own = { ...owner, labels: spec === undefined ? labels : { ...labels, [label.spec]: spec }, isNamedSo };
  return instanceRecord(info, { fleet: "blue", own, imageDigest: "" });
}

/** As older managers made them: who may write is its image's to say. */
const made = [{ Type: "bind", RW: true, Destination: "/data" }];

describe("The record of a container", () => {
  test.each([
    ["mcp-blue.files", "none"],
    ["mcp-blue.files.stopping", "stopping"],
    [`mcp-blue.files.stopping-${id.slice(0, 12)}`, "stopping"],
    ["mcp-blue.files.restarting", "restarting"],
    ["mcp-blue.files.next", "replacing"],
    ["by-hand", "none"],
  ])("called %s has the mark %s", (name, mark) => {
    expect(recordOf({ name })).toMatchObject({ mark, usability: { kind: "usable" } });
  });

  test.each([
    ["nothing", {}, "usable"],
    ["its making", { mounts: made }, "outdated"],
    ["its terminal", { terminal: true }, "terminal"],
    ["its terminal first", { terminal: true, mounts: made }, "terminal"],
    ["its spec before all", { spec: "{", terminal: true, mounts: made }, "unreadable"],
  ])("says what is in the way: %s", (_what, found, kind) => {
    expect(recordOf(found)).toMatchObject({ usability: { kind } });
  });

  // The engine raises its flag for a child, too, and it stays raised.
  test.each([
    ["was killed, and some process lacked memory", 137, true, true],
    ["was killed, and none did", 137, false, false],
    ["ended by itself after a child had lacked memory", 0, true, false],
    ["failed after a child had lacked memory", 1, true, false],
    ["was told to end after a child had lacked memory", 143, true, false],
  ])("of a server that %s: %i, %s: ended by lack of memory is %s", (_what, ExitCode, OOMKilled, oomKilled) => {
    const record = recordOf({ state: { Status: "exited", ExitCode, OOMKilled } });
    expect(record?.exit).toEqual({ exitCode: ExitCode, oomKilled });
  });

  test.each([
    ["stopped", { ExitCode: 137 }, { state: "exited", exit: { exitCode: 137, oomKilled: false } }],
    ["stopping", {}, { state: "running" }],
    ["initialized", {}, { state: "created" }],
  ])("of one that Podman calls %s is not that of one which is being removed", (Status, more, shown) => {
    expect(recordOf({ state: { Status, OOMKilled: false, ...more } })).toMatchObject(shown);
  });

  test("is none while the engine removes it", () => {
    expect(recordOf({ state: { Status: "removing" } })).toBeUndefined();
  });

  test("says that it is to be left alone beside what is in the way, for it may be in use", () => {
    const record = recordOf({ name: "by-hand", mounts: made, isNamedSo: false });
    expect(record).toMatchObject({
      usability: { kind: "outdated" },
      leaveAlone: expect.stringContaining("mcp-blue.files"),
    });
  });
});
