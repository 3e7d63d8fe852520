import { describe, expect, it } from "vitest";
import { stopSignalOf } from "../../../../src/runtime/docker/engine/stop-signal.ts";

describe("The stop signal of an image", () => {
  it.each([
    ["SIGINT", "SIGINT"],
    ["quit", "SIGQUIT"],
    ["2", "2"],
    ["03", "3"],
    [15, "15"],
    ["SIGRTMIN+3", "SIGRTMIN+3"],
  ])("%j is %s", (wish, signal) => expect(stopSignalOf(wish)).toBe(signal));

  it.each([undefined, null, "", "0", "65", "SIGFOO", "TERM&x=y", "SIG", "../x", "TOSTRING", "__proto__", {}])(
    "%j is none, and SIGTERM is sent",
    (wish) => expect(stopSignalOf(wish)).toBe("SIGTERM"),
  );
});
