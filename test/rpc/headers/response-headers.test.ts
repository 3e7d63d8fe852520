import { describe, expect, it } from "vitest";
import { entriesOf, ResponseHeaders } from "../../../src/rpc/headers/response-headers.ts";

describe("ResponseHeaders", () => {
  it("are empty, and not made, until somebody sets one", () => {
    const headers = new ResponseHeaders();
    expect([...entriesOf(headers)]).toEqual([]);
    expect(headers.isTouched).toBe(false);
  });

  it("are headers like all others once somebody has", () => {
    const headers = new ResponseHeaders();
    headers.append("X-One", "1");
    headers.append("x-one", "2");
    headers.set("x-two", "3");
    headers.append("set-cookie", "a=1");
    headers.append("set-cookie", "b=2");
    headers.delete("x-two");
    expect(headers.get("x-one")).toBe("1, 2");
    expect(headers.has("x-two")).toBe(false);
    expect(headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect([...entriesOf(headers)]).toEqual([
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["x-one", "1, 2"],
    ]);
  });

  it("give way to those that an interceptor puts in their place", () => {
    expect([...entriesOf(new Headers({ own: "1" }))]).toEqual([["own", "1"]]);
  });

  it("can be copied by whoever makes headers of headers", () => {
    const headers = new ResponseHeaders();
    expect([...new Headers(headers)]).toEqual([]);
    headers.set("x", "1");
    expect([...new Headers(headers)]).toEqual([["x", "1"]]);
  });
});
