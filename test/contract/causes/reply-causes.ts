import { Code } from "@connectrpc/connect";
import type { Cause } from "./cause.ts";

/** What the server replies with to a call, and what the caller gets. */
const repliedWith = (code: Code, reason: Cause["reason"], rpcCode: number): Cause => ({
  reason,
  how: `the server answers a call with JSON-RPC ${rpcCode}`,
  code,
  delivery: "answered",
  also: { metadata: { rpc_code: String(rpcCode), rpc_data: '{"at":"ü"}' } },
  provoke: async (stage) =>
    stage.call(await stage.start(), "error", { code: rpcCode, message: "nein, größer", data: { at: "ü" } }),
});

/** Causes that lie in a server's reply. */
export const replyCauses: readonly Cause[] = [
  repliedWith(Code.InvalidArgument, "SERVER_REFUSED_PARAMS", -32602),
  repliedWith(Code.Unimplemented, "METHOD_NOT_FOUND", -32601),
  repliedWith(Code.FailedPrecondition, "CLIENT_CAPABILITY_MISSING", -32021),
  repliedWith(Code.Unknown, "SERVER_ERROR", -32099),
  {
    reason: "TOOL_NOT_FOUND",
    how: "a call of a tool that the server lacks",
    code: Code.NotFound,
    delivery: "answered",
    provoke: async (stage) => stage.call(await stage.start(), "nope"),
  },
  {
    reason: "MALFORMED_REPLY",
    how: "the server's reply has neither result nor error",
    code: Code.Internal,
    delivery: "answered",
    provoke: async (stage) => stage.call(await stage.start(), "lines", { lines: ['{"jsonrpc":"2.0","id":ID}'] }),
  },
  {
    reason: "MALFORMED_RESULT",
    how: "the server's result is no object",
    code: Code.Internal,
    delivery: "answered",
    provoke: async (stage) => stage.call(await stage.start(), "raw", { json: '"text"' }),
  },
  {
    reason: "RESULT_TOO_LARGE",
    how: "the server's reply is longer than MCPM_MAX_LINE_BYTES",
    code: Code.ResourceExhausted,
    delivery: "answered",
    provoke: async (stage) => stage.call(await stage.start(), "large", { bytes: 2_000_000 }),
  },
  {
    reason: "INPUT_REQUIRED",
    how: "a tool asks a caller for input who did not say that it gives any",
    code: Code.FailedPrecondition,
    delivery: "answered",
    provoke: async (stage) => stage.call(await stage.start([], { args: ["modern.mjs"] }), "ask"),
  },
];
