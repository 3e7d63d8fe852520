import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ManagerError } from "../../../src/base/errors/errors.ts";
import { validate } from "../../../src/operations/requests/validate.ts";

const schema = z.strictObject({
  name: z.string("must be text"),
  spec: z
    .strictObject({
      env: z.record(z.string().regex(/^[A-Z]+$/, "must be upper case"), z.string("must be text")).optional(),
      mounts: z.array(z.strictObject({ readOnly: z.boolean("must be true or false") })).optional(),
      handshakeTimeoutMs: z.number("must be a number").optional(),
    })
    .optional(),
});

function violations(value: unknown) {
  try {
    validate(schema, value);
    return [];
  } catch (error) {
    if (error instanceof ManagerError) return error.details.violations;
    throw error;
  }
}

describe("validate", () => {
  it("gives the value that passes", () => {
    const value = { name: "a", spec: { env: { A: "b" } } };
    expect(validate(schema, value)).toEqual(value);
  });

  it("gives one violation a field, for the first rule that it breaks", () => {
    const twice = z.object({ text: z.string().min(3, "is too short").regex(/^a/, "must begin with a") });
    expect(() => validate(twice, { text: "b" })).toThrow(/^text: is too short$/);
  });

  it("gives a violation for each broken field, with paths in the proto's spelling", () => {
    expect(
      violations({ name: 1, spec: { mounts: [{ readOnly: true }, { readOnly: 1 }], handshakeTimeoutMs: "x" } }),
    ).toEqual([
      { field: "name", description: "must be text" },
      { field: "spec.mounts[1].read_only", description: "must be true or false" },
      { field: "spec.handshake_timeout", description: "must be a number" },
    ]);
  });

  it("puts keys of maps in brackets, whatever is in them", () => {
    expect(violations({ name: "a", spec: { env: { 'A"-b': "x", A: 1 } } })).toEqual([
      { field: 'spec.env["A\\"-b"]', description: "must be upper case" },
      { field: 'spec.env["A"]', description: "must be text" },
    ]);
  });

  it("names fields that nobody knows", () => {
    expect(violations({ name: "a", spec: { imageName: 1 }, other: 2 })).toEqual([
      { field: "spec.image_name", description: "is not a known field" },
      { field: "other", description: "is not a known field" },
    ]);
  });

  it("names the first field in the message and says how many more there are", () => {
    expect(() => validate(schema, { name: 1, other: 2 })).toThrow("name: must be text (and 1 more)");
  });
});
