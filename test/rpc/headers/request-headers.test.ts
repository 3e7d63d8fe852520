import { describe, expect, it } from "vitest";
import { requestHeaders } from "../../../src/rpc/headers/request-headers.ts";

const incoming = {
  ":path": "/x",
  "content-type": "application/grpc",
  "grpc-timeout": "99999999H",
  "set-cookie": ["a=1", "b=2"],
};

function headers(): Headers {
  return requestHeaders(incoming);
}

/** The same ones, after somebody has asked for all of them. */
function sorted(): Headers {
  const all = headers();
  expect(all.has("content-type")).toBe(true);
  return all;
}

describe("requestHeaders", () => {
  it.each([
    ["one at a time", headers],
    ["after all were asked for", sorted],
    ["in a copy", () => new Headers(headers())],
  ])("gives a value %s", (_when, make) => {
    const asked = make();
    expect(asked.get("Content-Type")).toBe("application/grpc");
    expect(asked.get("grpc-timeout")).toBe("2147483S");
    expect(asked.get("set-cookie")).toBe("a=1, b=2");
    expect(asked.get("traceparent")).toBe(null);
    expect(asked.get("constructor")).toBe(null);
  });

  it("lists every header once, without those of HTTP/2 itself", () => {
    const names = ["content-type", "grpc-timeout", "set-cookie", "set-cookie"];
    expect([...headers().keys()]).toEqual(names);
    expect([...headers()].map(([name]) => name)).toEqual(names);
    expect([...headers().values()]).toEqual([...headers().entries()].map(([, value]) => value));
    const seen: string[] = [];
    headers().forEach((value, name) => {
      seen.push(`${name}: ${value}`);
    });
    expect(seen).toContain("content-type: application/grpc");
    expect(headers().getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  it("gives what was set since", () => {
    const changed = headers();
    changed.set("content-type", "text/plain");
    changed.append("x", "1");
    changed.delete("grpc-timeout");
    expect([changed.get("content-type"), changed.get("x"), changed.get("grpc-timeout")]).toEqual([
      "text/plain",
      "1",
      null,
    ]);
  });
});
