// What a request may have too much of is walked from the descriptors: a field that is added is counted, or fails here.
import { create, type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ServerReflection } from "../../../gen/grpc/reflection/v1/reflection_pb.ts";
import { Health } from "../../../gen/health/v1/health_pb.ts";
import {
  CallToolRequestSchema,
  LogsRequestSchema,
  ManagerService,
  StartRequestSchema,
} from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { ManagerError } from "../../../src/base/errors/errors.ts";
import { maxCallerValues } from "../../../src/json/caller-json.ts";
import { overfullField } from "../../../src/rpc/bounds/overfull-field.ts";
import { refuseManyFields, requestBinary } from "../../../src/rpc/bounds/request-fields.ts";
import { type FieldPath, fieldPaths, lengthDelimited, tag, timesOver, varint } from "../binary/wire-bytes.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const inputs = [ManagerService, Health, ServerReflection].flatMap(({ methods }) => methods.map(({ input }) => input));
const paths = inputs.flatMap((input) => fieldPaths(input).map((path) => [titleOf(input, path), input, path] as const));
const farTooMany = 500_000;

describe("A request that has a field far too many times is refused by its name, before anything is made of it:", () => {
  it.each(paths)("%s", (_title, input, path) => {
    const error = refusalOf(input, timesOver(path, farTooMany));
    expect(error?.details).toMatchObject({ reason: "INVALID_REQUEST", violations: [{ field: ownName(path) }] });
    expect(error?.message).toContain("has too many values");
  });
});

describe("refuseManyFields", () => {
  const list = (items: number) => ({ arguments: { list: Array.from({ length: items }, (_, index) => index) } });
  const callOf = (value: object) =>
    toBinary(
      CallToolRequestSchema,
      create(CallToolRequestSchema, { input: { case: "arguments", value: value as never } }),
    );

  it("takes as many values as arguments may have, in a list and in an object", () => {
    const names = Object.fromEntries(Array.from({ length: maxCallerValues - 1 }, (_, index) => [`k${index}`, {}]));
    expect(refusalOf(CallToolRequestSchema, callOf(list(maxCallerValues - 2).arguments))).toBeUndefined();
    expect(refusalOf(CallToolRequestSchema, callOf(names))).toBeUndefined();
  });

  it("counts each item of a packed list", () => {
    const packed = lengthDelimited(5, Buffer.alloc(farTooMany, 1));
    expect(refusalOf(LogsRequestSchema, packed)?.message).toContain("sources: ");
  });

  it.each([
    ["fields that a message does not know", Buffer.concat([tag(1000, 2), varint(0)])],
    ["groups", Buffer.concat([tag(1000, 3), tag(1000, 4)])],
    ["groups that never end", tag(1000, 3)],
  ])("counts %s", (_what, record) => {
    expect(refusalOf(StartRequestSchema, Buffer.alloc(record.length * farTooMany, record))?.message).toContain(
      "body: ",
    );
  });

  it("refuses a Struct that comes again and again, which is made anew each time", () => {
    const entries = Array.from({ length: 2000 }, (_, index) =>
      lengthDelimited(1, lengthDelimited(1, Buffer.from(`${index}`))),
    );
    const again = Buffer.alloc(4000, lengthDelimited(3, Buffer.alloc(0)));
    const bytes = Buffer.concat([lengthDelimited(3, Buffer.concat(entries)), again]);
    expect(refusalOf(CallToolRequestSchema, bytes)?.message).toContain("arguments: ");
  });

  it("needs to look at the outermost message alone for that", () => {
    const inside = paths.filter(([, , path]) => path.length > 1 && path.at(-1)?.message?.name === "Struct");
    const ours = inside.filter(([, , path]) => !path.at(-1)?.parent.typeName.startsWith("google.protobuf."));
    expect(ours).toEqual([]);
  });

  it("leaves what is nested too deep to the decoder, which refuses it", () => {
    let bytes: Buffer = Buffer.alloc(0);
    for (let level = 0; level < 3000; level += 1) {
      bytes = lengthDelimited(1, Buffer.concat([lengthDelimited(2, lengthDelimited(5, bytes))]));
    }
    const whole = lengthDelimited(3, bytes);
    expect(refusalOf(CallToolRequestSchema, whole)).toBeUndefined();
    expect(() => fromBinary(CallToolRequestSchema, whole, requestBinary)).toThrow(/recursion depth/);
  });
});

describe("overfullField counts no less than the decoder reads", () => {
  it.each(inputs.map((input) => [input.typeName, input] as const))("of any bytes for a %s", (_name, input) => {
    const readTag = BinaryReader.prototype.tag;
    let tags = 0;
    vi.spyOn(BinaryReader.prototype, "tag").mockImplementation(function (this: BinaryReader) {
      const read = readTag.call(this);
      tags += 1;
      return read;
    });
    fc.assert(
      fc.property(anyRecords(input, 3), (bytes) => {
        tags = 0;
        try {
          fromBinary(input, bytes, requestBinary);
        } catch {
          // It has read as many as it could.
        }
        const bound = { maxFields: tags - 1, maxDepth: requestBinary.recursionLimit };
        expect(tags === 0 || overfullField(input, bytes, bound) !== undefined).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

/** Records of known and unknown numbers, of wire types that fit and that don't, with lengths that are sometimes wrong. */
function anyRecords(desc: DescMessage, levels: number): fc.Arbitrary<Buffer> {
  const known = desc.fields.map((field) => field.number);
  const inside = levels === 0 ? [] : desc.fields.flatMap(({ message }) => (message === undefined ? [] : [message]));
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
    ...inside.map((message) => anyRecords(message, levels - 1)),
  );
  const record = fc
    .tuple(fc.constantFrom(1, 2, 3, 4, 5, 99, ...known), fc.nat(5), content, fc.constantFrom(0, 0, 0, 0, -1, 1, 200))
    .map(([number, wireType, bytes, off]) =>
      wireType === 2
        ? Buffer.concat([tag(number, 2), varint(Math.max(0, bytes.length + off)), bytes])
        : Buffer.concat([tag(number, wireType), bytes]),
    );
  return fc.array(record, { maxLength: 6 }).map((records) => Buffer.concat(records));
}

function refusalOf(input: DescMessage, bytes: Uint8Array): ManagerError | undefined {
  const read = vi.spyOn(BinaryReader.prototype, "tag");
  try {
    refuseManyFields(input, bytes);
    return undefined;
  } catch (error) {
    if (error instanceof ManagerError) return error;
    throw error;
  } finally {
    expect(read).not.toHaveBeenCalled();
    read.mockRestore();
  }
}

function ownName(path: FieldPath): string {
  const own = path.filter(({ parent }) => !parent.typeName.startsWith("google.protobuf."));
  return own.map(({ name }) => name).join(".");
}

function titleOf(input: DescMessage, path: FieldPath): string {
  return `${input.typeName} ${path.map(({ name }) => name).join(".")}`;
}
