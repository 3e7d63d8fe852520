import { posix } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ServerSpec } from "../../../src/base/spec/spec.ts";
import { normalPath } from "../../../src/base/text/normal-path.ts";
import { startRequestSchema } from "../../../src/operations/requests/request-schema.ts";
import { validate } from "../../../src/operations/requests/validate.ts";

const part = fc.oneof(
  fc.constantFrom("a", "tmp", "..a", "...", "é", "e\u0301", "A", " ", "%2e", "\\", ".hidden"),
  fc.string({ minLength: 1, maxLength: 5 }).filter((text) => !/^\.{1,2}$|[/\0]/.test(text) && text.isWellFormed()),
);
const parts = fc.array(part, { minLength: 1, maxLength: 6 });
const separator = fc
  .array(fc.constantFrom("/", "/./", "//"), { minLength: 1, maxLength: 3 })
  .map((all) => all.join(""));
const end = fc.constantFrom("", "/", "/.", "//", "/./", "/./.");

/** A path in its normal form, and another spelling of it. */
const spelling = fc
  .tuple(parts, fc.array(separator, { minLength: 6, maxLength: 6 }), end)
  .map(([names, separators, tail]) => ({
    path: `/${names.join("/")}`,
    spelled: `${names.map((name, index) => `${separators[index]}${name}`).join("")}${tail}`,
  }));

const started = (spec: object): ServerSpec | undefined => validate(startRequestSchema, { name: "s", spec }).spec;

describe("normalPath", () => {
  it("has one form for all spellings of a path, which it leaves as it is", () => {
    fc.assert(
      fc.property(spelling, ({ path, spelled }) => {
        expect(normalPath(spelled)).toBe(path);
        expect(normalPath(path)).toBe(path);
        expect(posix.normalize(spelled).replace(/(.)\/$/, "$1")).toBe(path);
      }),
    );
  });

  it("tells paths apart that are only alike", () => {
    expect(normalPath("/tmp/..a")).toBe("/tmp/..a");
    expect(normalPath("/e\u0301")).not.toBe(normalPath("/é"));
    expect(normalPath("/Tmp")).toBe("/Tmp");
    expect(normalPath("//.//")).toBe("/");
    expect(normalPath("data/")).toBe("data/");
  });
});

describe("the paths of a spec", () => {
  it("come out of the schema in one form, however they were spelled", () => {
    fc.assert(
      fc.property(spelling, spelling, ({ path, spelled }, source) => {
        fc.pre(!/^\/(?:proc|sys|dev|sbin)(?:\/|$)/.test(path));
        const spec = (target: string, from: string) => ({
          image: "i",
          workingDir: target,
          mounts: [{ type: "bind", source: from, target }],
        });
        const out = started(spec(spelled, source.spelled));
        expect(out).toEqual(spec(path, source.path));
        expect(started({ ...out })).toEqual(out);
      }),
    );
  });
});
