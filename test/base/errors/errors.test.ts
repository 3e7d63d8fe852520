import { isNativeError } from "node:util/types";
import { describe, expect, it } from "vitest";
import { invalidRequest, ManagerError, toManagerError } from "../../../src/base/errors/errors.ts";

describe("ManagerError.with", () => {
  it("replaces some details and keeps kind, message, cause and the others", () => {
    const cause = new Error("why");
    const error = new ManagerError("unavailable", "no engine", {
      details: { reason: "ENGINE_UNAVAILABLE", delivery: "not_sent" },
      cause,
    });
    const named = error.with({ server: "fs" });
    expect(named).toMatchObject({ kind: "unavailable", message: "no engine", cause });
    expect(named.details).toEqual({ reason: "ENGINE_UNAVAILABLE", delivery: "not_sent", server: "fs" });
    expect(error.details).not.toHaveProperty("server");
  });

  it("keeps the stack of where the error was first made, and is an error like any other", () => {
    const error = invalidRequest([]);
    const { stackTraceLimit } = Error;
    const named = error.with({ server: "fs" }).with({ instance: "i-1" });
    expect(named.stack).toBe(error.stack);
    expect(named).toBeInstanceOf(ManagerError);
    expect(isNativeError(named)).toBe(true);
    expect(named.name).toBe("ManagerError");
    expect(Object.keys(named)).not.toContain("stack");
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
  });
});

describe("toManagerError", () => {
  it("lets a ManagerError be", () => {
    const error = invalidRequest([{ field: "name", description: "must be set" }]);
    expect(toManagerError(error)).toBe(error);
  });

  it.each([
    [new TypeError("x is not a function"), "x is not a function"],
    ["text", "text"],
    [undefined, "undefined"],
  ])("takes %s for a bug whose outcome is unknown", (thrown, words) => {
    expect(toManagerError(thrown)).toMatchObject({
      kind: "internal",
      message: `unexpected error in the manager: ${words}`,
      details: { reason: "INTERNAL", delivery: "sent" },
    });
  });
});

describe("invalidRequest", () => {
  it("names the first field and counts the others", () => {
    const violations = ["a", "b", "c"].map((field) => ({ field, description: "must be set" }));
    expect(invalidRequest(violations)).toMatchObject({
      kind: "invalid",
      message: "a: must be set (and 2 more)",
      details: { reason: "INVALID_REQUEST", delivery: "not_sent", violations },
    });
    expect(invalidRequest(violations.slice(0, 1)).message).toBe("a: must be set");
  });
});
