import { describe, expect, it } from "vitest";
import { clampTimeout } from "../../../src/rpc/headers/timeout-header.ts";

function clamped(name: string, value: string): string | null {
  const headers = new Headers({ [name]: value });
  clampTimeout(headers);
  return headers.get(name);
}

describe("clampTimeout", () => {
  it.each(["99999999H", "597H", "99999999M", "99999999S", "2147484S"])(
    "cuts gRPC's %s to what a timer holds",
    (value) => {
      expect(clamped("grpc-timeout", value)).toBe("2147483S");
    },
  );

  it.each(["596H", "2147483S", "99999999m", "99999999u", "99999999n", "0m", "", "soon", "999999999H", "-1S"])(
    "leaves gRPC's %j alone",
    (value) => {
      expect(clamped("grpc-timeout", value)).toBe(value);
    },
  );

  it("cuts Connect's, and leaves alone what is no deadline", () => {
    expect(clamped("connect-timeout-ms", "9999999999")).toBe("2147483647");
    for (const value of ["2147483647", "0", "", "soon", "99999999999"]) {
      expect(clamped("connect-timeout-ms", value)).toBe(value);
    }
  });

  it("adds nothing", () => {
    const headers = new Headers();
    clampTimeout(headers);
    expect([...headers]).toEqual([]);
  });
});
