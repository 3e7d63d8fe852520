import { describe, expect, test } from "vitest";
import type { ServerSpec } from "../../../../src/base/spec/spec.ts";
import { numericUser } from "../../../../src/runtime/docker/files/user-files.ts";
import { checkBindRights } from "../../../../src/runtime/docker/mounts/bind-rights.ts";

const bind = (writable: boolean) => [{ type: "bind", source: "/srv", target: "/data", writable }] as const;
const check = (more: Partial<ServerSpec>) => () =>
  checkBindRights({ image: "a", mounts: bind(true), ...more }, ["1000:1000", "1001:50"]);
const denied = (field: string, text: RegExp) =>
  expect.objectContaining({
    kind: "denied",
    message: expect.stringMatching(text),
    details: expect.objectContaining({
      reason: "BIND_NOT_ALLOWED",
      violations: [expect.objectContaining({ field })],
    }),
  });

describe("checkBindRights", () => {
  test.each(["1000:1000", "1001:50", "01000:1000"])("lets %s write", (user) => {
    expect(check({ user })).not.toThrow();
  });

  test.each(["0:0", "0:1000", "1000:0", "4242:4242", "1001:1000", "00:00", "4294968296:1000", "1000:4294968296"])(
    "lets %s not write, and says who may",
    (user) => {
      expect(check({ user })).toThrow(denied("spec.user", /user to 1000:1000 or 1001:50 \(MCPM_BIND_USERS\)/));
    },
  );

  test("leaves to create what the image decides", () => {
    expect(check({})).not.toThrow();
    expect(check({ user: "node" })).not.toThrow();
    expect(check({ user: "1000" })).not.toThrow();
  });

  test.each([
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "LINUX_IMMUTABLE",
    "MKNOD",
    "SETFCAP",
    "SETGID",
    "SETUID",
    "SYS_ADMIN",
    "NEW_ONE",
    "ALL",
  ])("does not let one write that has %s", (cap) => {
    expect(check({ user: "1000:1000", capAdd: ["NET_RAW", cap] })).toThrow(denied("spec.cap_add[1]", new RegExp(cap)));
  });

  test.each(["SYS_ADMIN", "ALL"])(
    "does not let one that has %s have a bind at all, which it could mount anew",
    (cap) => {
      const reads = { mounts: bind(false), capAdd: [cap] };
      expect(check(reads)).toThrow(denied("spec.cap_add[0]", /could make the mount writable/));
      expect(check({ ...reads, mounts: [{ type: "tmpfs", target: "/data" }] })).not.toThrow();
    },
  );

  test("asks for neither when nothing can be written", () => {
    const free = { user: "0:0", capAdd: ["CHOWN"] };
    expect(check({ ...free, mounts: bind(false) })).not.toThrow();
    expect(
      check({ ...free, mounts: [{ type: "volume", source: "v1", target: "/data", writable: true }] }),
    ).not.toThrow();
    expect(check({ user: "1000:1000", capAdd: ["NET_BIND_SERVICE"] })).not.toThrow();
  });
});

describe("numericUser", () => {
  test.each([
    ["1000:1000", "1000:1000"],
    ["0007:010", "7:10"],
    ["1000", undefined],
    ["node:1000", undefined],
    ["1000:node", undefined],
    ["-1:0", undefined],
    ["1e3:0", undefined],
    ["1:2:3", undefined],
    ["1000:1000\n", undefined],
    ["", undefined],
  ])("of %j is %j", (user, expected) => {
    expect(numericUser(user)).toBe(expected);
  });
});
