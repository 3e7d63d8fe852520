import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CallToolResponseSchema } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { envelopeBytes, grpcEnvelope } from "../../../src/rpc/lean/grpc-envelope.ts";

const envelopeOf = grpcEnvelope(CallToolResponseSchema);
const longText = fc
  .tuple(fc.string({ unit: "binary" }), fc.nat(2))
  .map(([text, more]) => `${text}é`.repeat(1 + more * 20_000));

describe("grpcEnvelope", () => {
  it("holds the message, however long its texts are", () => {
    fc.assert(
      fc.property(longText, longText, longText, fc.boolean(), (resultJson, extraJson, json, isError) => {
        const structured = { case: "structuredContentJson" as const, value: json };
        const message = create(CallToolResponseSchema, { resultJson, extraJson, structured, isError });
        const envelope = envelopeOf(message);
        const bytes = envelope.subarray(envelopeBytes);
        expect(envelope[0]).toBe(0);
        expect(envelope.readUInt32BE(1)).toBe(bytes.length);
        // As the codec has it: in place of unpaired surrogates stands U+FFFD.
        const same = toBinary(CallToolResponseSchema, message);
        expect(bytes.length).toBe(same.length);
        const [ours, theirs] = [bytes, same].map((binary) => fromBinary(CallToolResponseSchema, binary));
        expect(ours).toEqual(theirs);
      }),
      { numRuns: 30 },
    );
  });

  it("leaves the message as it was", () => {
    const message = create(CallToolResponseSchema, { resultJson: "x".repeat(100_000) });
    envelopeOf(message);
    expect(message.resultJson).toHaveLength(100_000);
  });

  it("holds a short message byte for byte as the codec writes it", () => {
    const message = create(CallToolResponseSchema, { resultJson: "{}", isError: true });
    const bytes = envelopeOf(message).subarray(envelopeBytes);
    expect(Buffer.from(toBinary(CallToolResponseSchema, message)).equals(bytes)).toBe(true);
  });
});
