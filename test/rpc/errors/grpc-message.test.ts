import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainGrpcMessage } from "../../../src/rpc/errors/grpc-message.ts";

function written(message: string): string | null {
  const headers = new Headers({ "grpc-message": encodeURIComponent(message) });
  plainGrpcMessage(headers);
  return headers.get("grpc-message");
}

describe("plainGrpcMessage", () => {
  it("leaves punctuation as it is, and encodes the rest", () => {
    expect(written('server a/b exited; "why?" [x]: 100%, grüße\n ')).toBe(
      'server a/b exited; "why?" [x]: 100%25, gr%C3%BC%C3%9Fe%0A%20',
    );
  });

  it("is what every client decodes to the message, grpc-js among them", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const message = text.toWellFormed();
        const header = written(message) ?? "";
        expect(header).toMatch(/^[ -~]*$/);
        expect([decodeURIComponent(header), decodeURI(header)]).toEqual([message, message]);
      }),
    );
  });

  it("adds none where none is", () => {
    const headers = new Headers();
    plainGrpcMessage(headers);
    expect([...headers]).toEqual([]);
  });
});
