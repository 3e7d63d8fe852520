import { Code, ConnectError } from "@connectrpc/connect";
import { findTrailerError, setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import { type ErrorDetails, type ErrorKind, ManagerError } from "../../../src/base/errors/errors.ts";
import { addMissingDetails, toConnectError } from "../../../src/rpc/errors/connect-error.ts";
import { codeOf } from "../../../src/rpc/errors/error-code.ts";

/** The trailers that a gRPC client gets. */
function trailersOf(error: ConnectError): Headers {
  const trailers = new Headers();
  setTrailerStatus(trailers, error);
  return trailers;
}

/** What a gRPC client makes of the error. */
function received(error: ConnectError): ConnectError {
  const seen = findTrailerError(trailersOf(error));
  if (seen === undefined) throw new Error("no error in the trailers");
  return seen;
}

/** As HTTP/2 counts it (RFC 9113, 6.5.2), which is what clients cap. */
function metadataBytes(trailers: Headers): number {
  return [...trailers].reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
}

function failure(kind: ErrorKind, details: Partial<ErrorDetails> = {}, message = "it went wrong"): ManagerError {
  return new ManagerError(kind, message, { details: { reason: "SERVER_EXITED", delivery: "not_sent", ...details } });
}

const expectedCodes: Record<ErrorKind, string> = {
  invalid: "INVALID_ARGUMENT",
  not_found: "NOT_FOUND",
  conflict: "ALREADY_EXISTS",
  denied: "PERMISSION_DENIED",
  unauthenticated: "UNAUTHENTICATED",
  not_running: "FAILED_PRECONDITION",
  too_much: "RESOURCE_EXHAUSTED",
  unavailable: "UNAVAILABLE",
  call_lost: "ABORTED",
  interrupted: "ABORTED",
  unsupported: "UNIMPLEMENTED",
  protocol: "INTERNAL",
  server_error: "UNKNOWN",
  deadline: "DEADLINE_EXCEEDED",
  cancelled: "CANCELLED",
  internal: "INTERNAL",
};

/** Numbers of google.rpc.Code. */
const numbers: Record<string, number> = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
};

const outputOf = (text: string) => ({ stderrHead: text, stderrTail: text, stdoutHead: text, stdoutTail: text });

describe("toConnectError", () => {
  it.each(Object.entries(expectedCodes) as [ErrorKind, string][])("says %s as %s", (kind, code) => {
    expect(codeOf[kind]).toBe(numbers[code]);
    expect(received(toConnectError(failure(kind)))).toMatchObject({ code: numbers[code], rawMessage: "it went wrong" });
  });

  it("says in the ErrorInfo what programs branch on", () => {
    const error = received(
      toConnectError(
        failure("call_lost", {
          delivery: "sent",
          server: "fs",
          exitCode: 137,
          oomKilled: true,
          stderrHead: "first words",
          stderrTail: "last words",
          stdoutHead: "hello",
          stdoutTail: "bye",
          failureReason: "IMAGE_UNAVAILABLE",
          rpcCode: -32000,
          rpcData: "{}",
        }),
      ),
    );
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
      {
        domain: "mcpmanager.v1",
        reason: "SERVER_EXITED",
        metadata: {
          delivery: "sent",
          server: "fs",
          exit_code: "137",
          oom_killed: "true",
          stderr_head: "first words",
          stderr_tail: "last words",
          stdout_head: "hello",
          stdout_tail: "bye",
          failure_reason: "IMAGE_UNAVAILABLE",
          rpc_code: "-32000",
          rpc_data: "{}",
        },
      },
    ]);
  });

  it("says not_sent when nobody said anything else", () => {
    const [info] = received(toConnectError(failure("invalid"))).findDetails(ErrorInfoSchema);
    expect(info?.metadata).toEqual({ delivery: "not_sent" });
  });

  it("names the fields of a bad request", () => {
    const violations = [{ field: "spec.image", description: "must be set" }];
    const [request] = received(toConnectError(failure("invalid", { violations }))).findDetails(BadRequestSchema);
    expect(request?.fieldViolations).toMatchObject(violations);
  });

  it("advises to retry only what was not sent", () => {
    const retries = (details: Partial<ErrorDetails>) =>
      received(toConnectError(failure("unavailable", details))).findDetails(RetryInfoSchema);
    expect(retries({ delivery: "not_sent", retryAfterMs: 1500 })).toMatchObject([
      { retryDelay: { seconds: 1n, nanos: 500_000_000 } },
    ]);
    expect(retries({ delivery: "sent", retryAfterMs: 1500 })).toEqual([]);
    expect(retries({ delivery: "answered", retryAfterMs: 1500 })).toEqual([]);
    expect(retries({ delivery: "not_sent" })).toEqual([]);
  });

  const manyViolations = Array.from({ length: 100 }, (_, index) => ({
    field: `spec.env["${"漢".repeat(100)}${index}"]`,
    description: "漢字".repeat(500),
  }));

  it.each<[string, string, Partial<ErrorDetails>]>([
    ["a long ASCII message", "x".repeat(10_000), {}],
    ["a long CJK message", "漢".repeat(10_000), {}],
    ["a message of percent signs", "%".repeat(10_000), {}],
    ["a message of emoji", "🙂".repeat(10_000), {}],
    ["a message of unpaired surrogates", "\ud800".repeat(10_000), {}],
    ["a message of line breaks", "\n".repeat(10_000), {}],
    ["a long tail of stderr", "x", { stderrTail: "x".repeat(100_000) }],
    [
      "a long CJK tail of stderr",
      "漢".repeat(10_000),
      { stderrTail: "漢".repeat(100_000), rpcData: "漢".repeat(10_000) },
    ],
    ["much on both streams", "x".repeat(10_000), outputOf("x".repeat(100_000))],
    ["much CJK on both streams", "漢".repeat(10_000), outputOf("漢".repeat(100_000))],
    [
      "much on both streams and all else",
      "%".repeat(10_000),
      { ...outputOf("漢".repeat(9_000)), violations: manyViolations },
    ],
    ["a tail of unpaired surrogates", "%".repeat(10_000), { stderrTail: "\udc00".repeat(100_000) }],
    ["many violations", "x".repeat(10_000), { violations: manyViolations }],
    ["many violations and the longest message of percent signs", "%".repeat(682), { violations: manyViolations }],
    ["many violations and a CJK message", "漢".repeat(10_000), { violations: manyViolations }],
    ["many violations and a message of percent signs", "%".repeat(10_000), { violations: manyViolations }],
    [
      "all at once",
      "漢".repeat(10_000),
      {
        stderrTail: "漢".repeat(100_000),
        rpcData: "x".repeat(10_000),
        retryAfterMs: 1,
        exitCode: 137,
        server: "s".repeat(48),
      },
    ],
  ])("keeps %s within the 8 KiB that clients accept", (_what, message, details) => {
    const error = toConnectError(failure("invalid", details, message));
    expect(metadataBytes(trailersOf(error))).toBeLessThan(8192 - 256);
    expect(received(error).findDetails(ErrorInfoSchema)).toHaveLength(1);
  });

  it("keeps the beginning of messages and the end of tails", () => {
    const stderrTail = `${"x".repeat(5000)}last words`;
    const error = received(toConnectError(failure("internal", { stderrTail }, `first words${"x".repeat(5000)}`)));
    expect(error.rawMessage).toMatch(/^first words/);
    expect(error.findDetails(ErrorInfoSchema)[0]?.metadata.stderr_tail).toMatch(/last words$/);
  });

  it("keeps the beginning and the end of both streams, of a long stderr more than of stdout", () => {
    const text = `first${"x".repeat(5000)}last`;
    const [info] = received(toConnectError(failure("not_running", outputOf(text)))).findDetails(ErrorInfoSchema);
    const { stderr_head = "", stderr_tail = "", stdout_head = "", stdout_tail = "" } = info?.metadata ?? {};
    for (const head of [stderr_head, stdout_head]) expect(head).toMatch(/^firstx+…$/);
    for (const tail of [stderr_tail, stdout_tail]) expect(tail).toMatch(/^…x+last$/);
    expect(stderr_tail.length).toBeGreaterThan(1500);
    expect(stdout_head.length).toBeGreaterThan(300);
  });

  it("has room for all that is kept of a stderr alone", () => {
    const output = { stderrHead: "x".repeat(1024), stderrTail: "y".repeat(2048) };
    const [info] = received(toConnectError(failure("not_running", output, "m".repeat(500)))).findDetails(
      ErrorInfoSchema,
    );
    expect(info?.metadata).toMatchObject({ stderr_head: output.stderrHead, stderr_tail: output.stderrTail });
  });

  it("reaches a gRPC client whole, whatever is in it", () => {
    const text = fc.string({ unit: "binary", maxLength: 3000 });
    fc.assert(
      fc.property(text, text, (message, stderrTail) => {
        const trailers = trailersOf(toConnectError(failure("internal", { stderrTail }, message)));
        const error = findTrailerError(trailers);
        expect(metadataBytes(trailers)).toBeLessThan(8192 - 256);
        expect(error?.code).toBe(Code.Internal);
        if (message.length < 100) expect(error?.rawMessage).toBe(message.toWellFormed());
      }),
    );
  });
});

describe("addMissingDetails", () => {
  it.each([
    [Code.InvalidArgument, "INVALID_REQUEST", "not_sent"],
    [Code.ResourceExhausted, "MESSAGE_TOO_LARGE", "not_sent"],
    [Code.Unimplemented, "NOT_IMPLEMENTED", "not_sent"],
    [Code.DeadlineExceeded, "DEADLINE_EXCEEDED", "not_sent"],
    [Code.Canceled, "CANCELLED", "not_sent"],
    [Code.Internal, "RPC_ERROR", "sent"],
  ])("gives an error %i of the RPC library the reason %s and the delivery %s", (code, reason, delivery) => {
    const error = new ConnectError("library", code);
    addMissingDetails(error, { begun: true });
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
      { domain: "mcpmanager.v1", reason, metadata: { delivery } },
    ]);
  });

  it("says not_sent when no handler was called, and by which setting a request is too large", () => {
    const early = new ConnectError("library", Code.Internal);
    addMissingDetails(early, { begun: false });
    expect(early.findDetails(ErrorInfoSchema)).toMatchObject([{ metadata: { delivery: "not_sent" } }]);
    const large = new ConnectError("message size 9 is larger than configured readMaxBytes 8", Code.ResourceExhausted);
    addMissingDetails(large, { begun: false });
    expect(large.rawMessage).toBe("the request has more than 8 bytes (MCPM_MAX_REQUEST_BYTES)");
  });

  it("calls bytes that are no message the caller's fault", () => {
    const error = new ConnectError("parse binary: premature EOF", Code.Internal);
    addMissingDetails(error, { begun: true });
    expect(error.code).toBe(Code.InvalidArgument);
    expect(error.findDetails(ErrorInfoSchema)).toMatchObject([
      { reason: "INVALID_REQUEST", metadata: { delivery: "not_sent" } },
    ]);
  });

  it("leaves errors with details alone, and what is no ConnectError", () => {
    const ours = toConnectError(failure("not_found"));
    addMissingDetails(ours, { begun: true });
    expect(ours.findDetails(ErrorInfoSchema)).toHaveLength(1);
    addMissingDetails(new Error("x"), { begun: true });
    addMissingDetails(undefined, { begun: true });
  });
});
