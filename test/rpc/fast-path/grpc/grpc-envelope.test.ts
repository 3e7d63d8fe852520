import { create, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CallToolResponseSchema } from "../../../../gen/mcpmanager/v1/manager_pb.ts";
import { envelopeBytes, grpcEnvelope } from "../../../../src/rpc/fast-path/grpc/grpc-envelope.ts";

const envelopeOf = grpcEnvelope(CallToolResponseSchema);
const longText = fc
  .tuple(fc.string({ unit: "binary" }), fc.nat(2))
  .map(([text, more]) => `${text}é`.repeat(1 + more * 20_000));

describe("grpcEnvelope", () => {
  it("has the message as the codec writes it behind its length, however long its texts are", () => {
    fc.assert(
      fc.property(longText, longText, longText, fc.boolean(), (resultJson, extraJson, json, isError) => {
        const structured = { case: "structuredContentJson" as const, value: json };
        const message = create(CallToolResponseSchema, { resultJson, extraJson, structured, isError });
        const envelope = envelopeOf(message);
        const bytes = envelope.subarray(envelopeBytes);
        expect(envelope[0]).toBe(0);
        expect(envelope.readUInt32BE(1)).toBe(bytes.length);
        expect(bytes.equals(toBinary(CallToolResponseSchema, message))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  it("leaves the message as it was", () => {
    const message = create(CallToolResponseSchema, { resultJson: "x".repeat(100_000) });
    envelopeOf(message);
    expect(message.resultJson).toHaveLength(100_000);
  });

  it("has nothing of a message that failed, nor of the one before", () => {
    const content = [{ kind: { case: "text" as const, value: { text: "y".repeat(10_000) } } }];
    const failing = create(CallToolResponseSchema, { resultJson: "x".repeat(10_000), content });
    Object.assign(failing, { structured: { case: "structuredContent", value: { at: Number.NaN } } });
    envelopeOf(create(CallToolResponseSchema, { resultJson: "z".repeat(100_000), content }));
    expect(() => envelopeOf(failing)).toThrow();
    const message = create(CallToolResponseSchema, { extraJson: "{}" });
    expect(envelopeOf(message).subarray(envelopeBytes).equals(toBinary(CallToolResponseSchema, message))).toBe(true);
  });
});
