import { describe, expect, it } from "vitest";
import { isLoopback } from "../../../src/base/text/loopback.ts";

describe("isLoopback", () => {
  it.each(["localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"])("knows %s", (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each([
    "",
    "0.0.0.0",
    "::",
    "10.0.0.1",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
    "x127.0.0.1",
    "127.0.0",
    "evil.localhost",
  ])("does not take %j for this machine", (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});
