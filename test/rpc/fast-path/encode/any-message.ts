import { create, type DescField, type DescMessage, type DescOneof, type Message, ScalarType } from "@bufbuild/protobuf";
import { isWrapperDesc } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ maxLength: 40 }),
  // With a length in one byte, in two, in three; unpaired surrogates among it.
  fc
    .tuple(fc.constantFrom("a", "ä", "€", "\ud83d\ude00", "\ud800"), fc.nat(20_000))
    .map(([unit, times]) => unit.repeat(times)),
);
const int32 = fc.oneof(fc.constantFrom(0, 1, 127, 128, -1, 2 ** 31 - 1, -(2 ** 31)), fc.integer());
const uint32 = fc.oneof(fc.constantFrom(0, 2 ** 31, 2 ** 32 - 1), fc.nat(), fc.nat(300));
const int64 = fc.oneof(
  fc.constantFrom(0n, 2n ** 31n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const uint64 = fc.oneof(
  fc.constantFrom(0n, 2n ** 32n, 2n ** 53n, 2n ** 64n - 1n),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);

const scalars: Record<ScalarType, fc.Arbitrary<unknown>> = {
  [ScalarType.STRING]: text,
  [ScalarType.BYTES]: fc.oneof(
    fc.uint8Array({ maxLength: 20 }),
    fc.nat(20_000).map((bytes) => new Uint8Array(bytes)),
  ),
  [ScalarType.BOOL]: fc.boolean(),
  [ScalarType.DOUBLE]: fc.oneof(fc.constantFrom(0, -0), fc.double()),
  [ScalarType.FLOAT]: fc.oneof(fc.constantFrom(0, -0), fc.float()),
  [ScalarType.INT32]: int32,
  [ScalarType.SINT32]: int32,
  [ScalarType.SFIXED32]: int32,
  [ScalarType.UINT32]: uint32,
  [ScalarType.FIXED32]: uint32,
  [ScalarType.INT64]: int64,
  [ScalarType.SINT64]: int64,
  [ScalarType.SFIXED64]: int64,
  [ScalarType.UINT64]: uint64,
  [ScalarType.FIXED64]: uint64,
};

/** What a field of type Struct has. It may look like a message. */
const jsonObject = fc.oneof(
  fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 }),
  fc.constant({ $typeName: "google.protobuf.Struct", fields: {} }),
);

/** Messages of a type, with any of its fields set, and with fields that the type does not have. */
export function anyMessage(desc: DescMessage, depth = 3): fc.Arbitrary<Message> {
  const members = Object.fromEntries(
    desc.members.map((member) => [
      member.localName,
      member.kind === "oneof" ? oneofOf(member, depth) : valuesOf(member, depth),
    ]),
  );
  const $unknown = fc.array(
    fc.record({
      no: fc.integer({ min: 1, max: 2 ** 29 - 1 }),
      wireType: fc.constantFrom(0, 1, 2, 5),
      data: fc.uint8Array(),
    }),
    { maxLength: 2 },
  );
  return fc.record({ ...members, $unknown }, { requiredKeys: [] }).map((values) => Object.assign(create(desc), values));
}

function oneofOf(oneof: DescOneof, depth: number): fc.Arbitrary<unknown> {
  const cases = oneof.fields.map((field) => valuesOf(field, depth).map((value) => ({ case: field.localName, value })));
  return fc.oneof(fc.constant({ case: undefined }), ...cases);
}

function valuesOf(field: DescField, depth: number): fc.Arbitrary<unknown> {
  switch (field.fieldKind) {
    case "list":
      return fc.array(single(field, depth), { maxLength: 3 });
    case "map":
      return fc.dictionary(scalars[field.mapKey].map(String), single(field, depth), { maxKeys: 3 });
    default:
      return single(field, depth);
  }
}

function single(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.enum !== undefined)
    return fc.oneof(fc.constantFrom(...field.enum.values.map(({ number }) => number)), int32);
  if (field.message === undefined) return scalars[field.scalar as ScalarType];
  const { message: desc } = field;
  if (desc.typeName === "google.protobuf.Struct" && field.parent.typeName !== "google.protobuf.Value")
    return jsonObject;
  const isUnwrapped = field.fieldKind === "message" && field.oneof === undefined && isWrapperDesc(desc);
  if (isUnwrapped) return scalars[desc.fields[0]?.scalar as ScalarType];
  return depth === 0 ? fc.constant(create(desc)) : anyMessage(desc, depth - 1);
}
