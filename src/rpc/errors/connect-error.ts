import { create, type DescMessage, type Message, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../../../gen/google/rpc/error_details_pb.ts";
import type { ErrorReason } from "../../base/errors/error-reason.ts";
import type { ErrorDetails, ManagerError } from "../../base/errors/errors.ts";
import { truncateUtf8 } from "../../base/text/truncate.ts";
import { codeOf } from "./error-code.ts";
import { boundedOutput } from "./output-excerpt.ts";

/** Domain of every ErrorInfo. */
export const errorDomain = "mcpmanager.v1";

/** Clients cap metadata at 8 KiB; gRPC sends the message twice, once percent-encoded and once in the details. */
const maxMessageBytes = 1024;
const maxDataBytes = 1024;
const maxViolations = 8;
/** Message and details as gRPC writes them; the rest of the 8 KiB is for what else is in the headers and trailers. */
const maxEncodedBytes = 7000;

/** A ManagerError as it goes to a client, with its details within what clients accept. */
export function toConnectError(error: ManagerError): ConnectError {
  let shown = shortened(error, 1);
  // Each part keeps within its own bound, and all of them together may be too much: a server that wrote much on both streams.
  for (let share = 3 / 4; encodedBytes(shown) > maxEncodedBytes && share > 1 / 16; share *= 3 / 4)
    shown = shortened(error, share);
  return shown;
}

/** With this share of what each part may have. */
function shortened(error: ManagerError, share: number): ConnectError {
  const { details } = error;
  const message = shortMessage(error.message, Math.floor(maxMessageBytes * share));
  const connectError = new ConnectError(message, codeOf[error.kind], undefined, undefined, error);
  connectError.details.push({ desc: ErrorInfoSchema, value: errorInfo(details, share) });
  if (details.violations !== undefined) {
    const fieldViolations = details.violations.slice(0, maxViolations * share).map(({ field, description }) => ({
      field: truncateUtf8(field, { maxBytes: 128, keep: "start" }),
      description: truncateUtf8(description, { maxBytes: 256, keep: "start" }),
    }));
    connectError.details.push({ desc: BadRequestSchema, value: create(BadRequestSchema, { fieldViolations }) });
  }
  if (details.retryAfterMs !== undefined && details.delivery === "not_sent") {
    const seconds = BigInt(Math.floor(details.retryAfterMs / 1000));
    const retryDelay = { seconds, nanos: (details.retryAfterMs % 1000) * 1_000_000 };
    connectError.details.push({ desc: RetryInfoSchema, value: create(RetryInfoSchema, { retryDelay }) });
  }
  return connectError;
}

/**
 * Gives an error that the RPC library made before any handler ran (a message that can't be decoded, is too large, has a
 * misspelt field) the same details as ours. Other errors are left alone. `begun`: the handler had been called.
 */
export function addMissingDetails(error: unknown, { begun }: { readonly begun: boolean }): void {
  if (!(error instanceof ConnectError) || error.details.length > 0) return;
  // The library calls bytes that are not such a message its own fault; it is the caller's.
  if (isParseError(error)) Object.assign(error, { code: Code.InvalidArgument });
  const reason = libraryReasons[error.code] ?? "RPC_ERROR";
  const [, maxBytes] = /readMaxBytes (\d+)/.exec(error.rawMessage) ?? [];
  if (maxBytes !== undefined) {
    const rawMessage = tooLargeText(Number(maxBytes));
    Object.assign(error, { rawMessage, message: rawMessage });
  }
  if (error.rawMessage.endsWith(encodings)) nameEncodings(error);
  const delivery = error.code === Code.Internal && begun ? "sent" : "not_sent";
  error.details.push({ desc: ErrorInfoSchema, value: errorInfo({ reason, delivery }, 1) });
}

/** The library lists the encodings that it can unpack, which are none, and leaves out `identity`. */
const encodings = ": supported encodings are ";

function nameEncodings(error: ConnectError): void {
  Object.assign(error, { rawMessage: `${error.rawMessage}identity`, message: `${error.message}identity` });
  for (const [name, value] of error.metadata) if (value === "") error.metadata.set(name, "identity");
}

/** The error message for a request above the limit, over every protocol. */
export function tooLargeText(maxBytes: number): string {
  return `the request has more than ${maxBytes} bytes (MCPM_MAX_REQUEST_BYTES)`;
}

function isParseError(error: ConnectError): boolean {
  return error.code === Code.Internal && error.rawMessage.startsWith("parse binary:");
}

const libraryReasons: Partial<Record<Code, ErrorReason>> = {
  [Code.InvalidArgument]: "INVALID_REQUEST",
  [Code.ResourceExhausted]: "MESSAGE_TOO_LARGE",
  [Code.Unimplemented]: "NOT_IMPLEMENTED",
  [Code.DeadlineExceeded]: "DEADLINE_EXCEEDED",
  [Code.Canceled]: "CANCELLED",
};

function errorInfo(details: ErrorDetails, share: number) {
  const metadata: Record<string, string> = { delivery: details.delivery };
  if (details.server !== undefined) metadata.server = details.server;
  if (details.instance !== undefined) metadata.instance = details.instance;
  if (details.exitCode !== undefined) metadata.exit_code = String(details.exitCode);
  if (details.oomKilled !== undefined) metadata.oom_killed = String(details.oomKilled);
  if (details.failureReason !== undefined) metadata.failure_reason = details.failureReason;
  const output = boundedOutput(details, share);
  if (output.stderrHead !== "") metadata.stderr_head = output.stderrHead;
  if (output.stderrTail !== "") metadata.stderr_tail = output.stderrTail;
  if (output.stdoutHead !== "") metadata.stdout_head = output.stdoutHead;
  if (output.stdoutTail !== "") metadata.stdout_tail = output.stdoutTail;
  if (details.rpcCode !== undefined) metadata.rpc_code = String(details.rpcCode);
  if (details.rpcData !== undefined) {
    metadata.rpc_data = truncateUtf8(details.rpcData, { maxBytes: Math.floor(maxDataBytes * share), keep: "start" });
  }
  return create(ErrorInfoSchema, { domain: errorDomain, reason: details.reason, metadata });
}

/** Percent-encoding makes up to three bytes of one: the limit is on the encoded form. */
function shortMessage(message: string, maxBytes: number): string {
  // As truncateUtf8: a message may have all of a request in it.
  let text = truncateUtf8(message.slice(0, maxBytes + 1).toWellFormed(), { maxBytes, keep: "start" });
  while (encodeURIComponent(text).length > 2 * maxBytes) {
    text = truncateUtf8(text, { maxBytes: Math.floor(Buffer.byteLength(text) / 2), keep: "start" });
  }
  return text;
}

interface OutgoingDetail {
  readonly desc: DescMessage;
  readonly value: Message;
}

/** The prefix of a type's URL and what stands around a detail. */
const detailOverheadBytes = 40;

/**
 * The size of an error as gRPC sends it: the message percent-encoded, and once more in the details, which are base64.
 */
function encodedBytes({ rawMessage, details }: ConnectError): number {
  const ownBytes = (details as OutgoingDetail[]).reduce(
    (sum, { desc, value }) => sum + desc.typeName.length + detailOverheadBytes + toBinary(desc, value).length,
    Buffer.byteLength(rawMessage),
  );
  return encodeURIComponent(rawMessage).length + Math.ceil((ownBytes * 4) / 3);
}
