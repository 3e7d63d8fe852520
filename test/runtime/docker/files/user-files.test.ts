import { describe, expect, test } from "vitest";
import { quoted, resolveUser } from "../../../../src/runtime/docker/files/user-files.ts";

const passwd = [
  "root:x:0:0:root:/root:/bin/sh",
  "node:x:1000:1000::/home/node:/bin/sh",
  "node:x:0:0::/:/bin/sh",
  "1000:x:0:0::/:/bin/sh",
  "toor:x:0:0::/:/bin/sh",
  "staffed:x:1001:50::/:",
  "negative:x:-1:-1::/:",
  "huge:x:4294967296:4294967296::/:",
  "overflow:x:99999999999999999999:1000::/:",
  "hex:x:0x3e8:1000::/:",
  "short:x:1002",
  " indented:x:1003:1003::/:",
  "nogroup:x:1004::/:",
].join("\n");
const group = ["root:x:0:", "staff:x:50:node,root", "1000:x:0:", "wheel:x:-5:", "node:x:1000:"].join("\n");

const numbers = (user: string) => resolveUser(user, { passwd, group });

describe("resolveUser", () => {
  test.each([
    ["node", "1000:1000"],
    ["node:staff", "1000:50"],
    ["node:7", "1000:7"],
    ["1000", "1000:1000"],
    ["01000", "1000:1000"],
    ["1000:staff", "1000:50"],
    ["4242", "4242:0"],
    ["4242:node", "4242:1000"],
    ["staffed", "1001:50"],
    ["indented", "1003:1003"],
    ["", "0:0"],
    [":50", "0:50"],
    ["toor", "0:0"],
    ["node:", "1000:1000"],
  ])("takes %j for %s, as the engine does", (user, expected) => {
    expect(numbers(user)).toEqual({ numbers: expected });
  });

  test.each([
    "nobody-here",
    "negative",
    "huge",
    "overflow",
    "hex",
    "short",
    "nogroup",
    "4294967296",
    "2147483648",
    "1e3",
    "+1",
    "node:wheel",
    "node:none",
    "node:4294967296",
    "a:b:c",
  ])("makes no numbers of %j", (user) =>
    expect(numbers(user)).toEqual({ problem: expect.stringMatching(/^has no (user|group)/) }),
  );

  test("without the files knows numbers only", () => {
    const none = { passwd: "", group: "" };
    expect(resolveUser("1000", none)).toEqual({ numbers: "1000:0" });
    expect(resolveUser("node", none)).toEqual({ problem: 'has no user "node" in its /etc/passwd' });
  });
});

describe("quoted", () => {
  test("shows on one line, and not without end, whatever an image has for a name", () => {
    expect(quoted('a"\n\u001b[2J')).toBe('"a\\"\\n\\u001b[2J"');
    expect(quoted("x".repeat(10_000))).toHaveLength(128);
  });
});
