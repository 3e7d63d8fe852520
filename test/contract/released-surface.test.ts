import { describe, expect, it } from "vitest";
import released from "../../proto/released-surface.json" with { type: "json" };
import { missing, surface, surfaceOf } from "../../scripts/contract/surface.ts";
import { errorReasons } from "../../src/base/errors/error-reason.ts";
import { routes } from "../../src/rest/routes.ts";

describe("What was released besides the protos", () => {
  it("is all there: REST routes and reasons of errors", () => {
    expect(released.routes).not.toEqual([]);
    expect(released.reasons).not.toEqual([]);
    expect(missing(released, surface)).toEqual([]);
  });

  it.each([
    ["a route that is gone", surfaceOf({ routes: routes.slice(1), errorReasons }), "GET /info: GetInfo, query"],
    [
      "a route whose body is another field",
      surfaceOf({
        routes: routes.map((route) => (route.body === "spec" ? { ...route, body: "*" } : route)),
        errorReasons,
      }),
      "POST /servers/{name}/start: Start, spec",
    ],
    ["a reason that is gone", surfaceOf({ routes, errorReasons: errorReasons.slice(1) }), errorReasons[0]],
  ])("lacks %s", (_what, now, line) => {
    expect(missing(surface, now)).toEqual([line]);
  });

  it("may grow", () => {
    expect(missing(surface, surfaceOf({ routes, errorReasons: [...errorReasons, "ONE_MORE"] }))).toEqual([]);
  });
});
