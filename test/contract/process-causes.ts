import { Code } from "@connectrpc/connect";
import { errorInfo, hostileProcessSpec, randomName, TestManager } from "../line/test-manager.ts";

import { BrokenFleet } from "./broken-fleet.ts";
import { type Cause, Stage } from "./cause.ts";
import { contentTypes, sendOnWire } from "./wire.ts";

const rpcPath = (name: string) => `/mcpmanager.v1.ManagerService/${name}`;
/** What lists the servers, by RPC or by route. */
const listPath = ({ protocol }: Stage) => (protocol === "REST" ? "/servers" : rpcPath("List"));
const kill = { gracePeriod: { seconds: 0n } };
const briefly = { callTimeout: { seconds: 0n, nanos: 300_000_000 } };

/** What the server answers a call with, and what the caller gets. */
const answered = (code: Code, reason: Cause["reason"], rpcCode: number): Cause => ({
  reason,
  how: `the server answers a call with JSON-RPC ${rpcCode}`,
  code,
  delivery: "answered",
  also: { metadata: { rpc_code: String(rpcCode), rpc_data: '{"at":"ü"}' } },
  provoke: async (stage) =>
    stage.call(await stage.start(), "error", { code: rpcCode, message: "nein, größer", data: { at: "ü" } }),
});

/** Causes that need no engine: a manager on the runtime `process`. */
export const processCauses: readonly Cause[] = [
  {
    reason: "INVALID_REQUEST",
    how: "a field breaks its rule",
    code: Code.InvalidArgument,
    delivery: "not_sent",
    also: { fields: ["page_size"] },
    provoke: (stage) => stage.ask("List", { page_size: -1 }),
  },
  {
    reason: "SERVER_NOT_FOUND",
    how: "Get of a name that no server has",
    code: Code.NotFound,
    delivery: "not_sent",
    also: { metadata: { server: "nobody" } },
    provoke: (stage) => stage.ask("Get", { name: "nobody" }),
  },
  {
    reason: "NAME_TAKEN",
    how: "Start of a name with another spec",
    code: Code.AlreadyExists,
    delivery: "not_sent",
    provoke: async (stage) =>
      stage.ask("Start", { name: await stage.start(), spec: { image: "other", command: ["x"] } }),
  },
  {
    reason: "START_REFUSED",
    how: "Start of a program that is not there",
    code: Code.FailedPrecondition,
    delivery: "not_sent",
    provoke: (stage) => stage.ask("Start", { name: "nobody", spec: { image: "i", command: ["no-such-program"] } }),
  },
  {
    reason: "HANDSHAKE_TIMEOUT",
    how: "Start of a server that says nothing",
    code: Code.FailedPrecondition,
    delivery: "not_sent",
    provoke: (stage) =>
      stage.ask("Start", { name: "mute", spec: specJson(["--silent"], { handshakeTimeout: "0.3s" }) }),
  },
  {
    reason: "UNSUPPORTED_PROTOCOL_VERSION",
    how: "Start of a server of revision 1999-01-01",
    code: Code.Internal,
    delivery: "not_sent",
    provoke: (stage) => stage.ask("Start", { name: "old", spec: specJson(["--version", "1999-01-01"]) }),
  },
  {
    reason: "START_CANCELLED",
    how: "a Stop during a Start",
    code: Code.Aborted,
    delivery: "not_sent",
    provoke: async (stage) => {
      const name = randomName();
      const answer = stage.ask("Start", { name, spec: specJson(["--handshake-ms", "60000"]) });
      await stage.isListed(name);
      await stage.client.stop({ name, ...kill });
      return answer;
    },
  },
  {
    reason: "SERVER_EXITED",
    how: "the server exits under a call",
    code: Code.Aborted,
    delivery: "sent",
    also: { metadata: { exit_code: "3", stderr_tail: "Lizenz ungültig 🙈" } },
    provoke: async (stage) => stage.call(await stage.start(), "exit", { code: 3, stderr: "Lizenz ungültig 🙈\n" }),
  },
  {
    reason: "SERVER_FAILED",
    how: "a call after the server exited",
    code: Code.FailedPrecondition,
    delivery: "not_sent",
    also: { metadata: { exit_code: "1" } },
    provoke: async (stage) => {
      const server = await stage.start();
      await stage.call(server, "exit");
      return stage.call(server, "echo");
    },
  },
  {
    reason: "SERVER_STOPPED",
    how: "a Stop without grace under a call",
    code: Code.Aborted,
    delivery: "sent",
    provoke: async (stage) => {
      const name = await stage.start();
      const answer = stage.call(name, "never");
      await stage.reaches(name, 1);
      await stage.client.stop({ name, ...kill });
      return answer;
    },
  },
  {
    reason: "SERVER_STOPPING",
    how: "a call while a Stop waits for another",
    code: Code.FailedPrecondition,
    delivery: "not_sent",
    provoke: async (stage) => {
      const name = await stage.start();
      const other = await stage.underWay(name);
      const stopped = stage.client.stop({ name, gracePeriod: { seconds: 60n } });
      let answer = await stage.call(name, "nope");
      // Until the Stop has begun, the server says that it has no such tool.
      while (answer.reason === "TOOL_NOT_FOUND") answer = await stage.call(name, "nope");
      other.abort();
      await stopped;
      return answer;
    },
  },
  {
    reason: "SERVER_RESTARTED",
    how: "a Restart without grace under a call",
    code: Code.Aborted,
    delivery: "sent",
    provoke: async (stage) => {
      const name = await stage.start();
      const answer = stage.call(name, "never");
      await stage.reaches(name, 1);
      await stage.client.restart({ name, ...kill });
      return answer;
    },
  },
  {
    reason: "SERVER_UNHEALTHY",
    how: "the server hangs under a call and is killed for that",
    code: Code.Aborted,
    delivery: "sent",
    provoke: async (stage) => {
      const ms = (value: number) => ({ seconds: 0n, nanos: value * 1_000_000 });
      const health = { interval: ms(100), timeout: ms(300), failureThreshold: 1, killUnhealthy: true };
      return stage.call(await stage.start([], { health }), "hang", { ms: 600_000 });
    },
  },
  {
    reason: "SERVER_NOT_READY",
    how: "a call whose deadline passes before the server is ready",
    code: Code.Unavailable,
    delivery: "not_sent",
    also: { retryDelayMs: 1000 },
    provoke: async (stage) => {
      const { name, started } = await stage.starting(["--handshake-ms", "60000"], briefly);
      const answer = await stage.call(name, "echo");
      await stage.client.stop({ name, ...kill });
      await started;
      return answer;
    },
  },
  {
    reason: "SERVER_BUSY",
    how: "a call whose deadline passes while another has the only place",
    code: Code.Unavailable,
    delivery: "not_sent",
    also: { retryDelayMs: 1000 },
    provoke: async (stage) => {
      const name = await stage.start([], { ...briefly, callLimits: { maxInFlight: 1 } });
      const other = await stage.underWay(name);
      const answer = await stage.call(name, "echo");
      other.abort();
      return answer;
    },
  },
  {
    reason: "QUEUE_FULL",
    how: "one call more than call_limits allow",
    code: Code.ResourceExhausted,
    delivery: "not_sent",
    also: { retryDelayMs: 1000 },
    provoke: async (stage) => {
      const name = await stage.start([], { callLimits: { maxInFlight: 1, maxQueued: 0 } });
      const other = await stage.underWay(name);
      const answer = await stage.call(name, "echo");
      other.abort();
      return answer;
    },
  },
  {
    reason: "SERVER_NOT_READING",
    how: "a call of a server that has stopped reading, its queue full",
    code: Code.ResourceExhausted,
    delivery: "not_sent",
    also: { retryDelayMs: 1000 },
    provoke: async (stage) => {
      const name = await stage.start();
      await stage.client.callTool({ server: name, tool: "deaf" });
      const args = { text: "x".repeat(60_000) };
      const input = { case: "arguments", value: args } as const;
      const left = new AbortController();
      let full = false;
      // As many calls as it takes to fill the pipe and the queue behind it.
      while (!full) {
        stage.client.callTool({ server: name, tool: "echo", input }, { signal: left.signal }).catch((error) => {
          full ||= errorInfo(error).reason === "SERVER_NOT_READING";
        });
        await stage.inFlight(name);
      }
      const answer = await stage.call(name, "echo", args);
      left.abort();
      await stage.client.stop({ name, ...kill });
      return answer;
    },
  },
  {
    reason: "DEADLINE_EXCEEDED",
    how: "a call that the server does not answer within call_timeout",
    code: Code.DeadlineExceeded,
    delivery: "sent",
    provoke: async (stage) => stage.call(await stage.start([], briefly), "never"),
  },
  answered(Code.InvalidArgument, "SERVER_REFUSED_PARAMS", -32602),
  answered(Code.Unimplemented, "METHOD_NOT_FOUND", -32601),
  answered(Code.FailedPrecondition, "CLIENT_CAPABILITY_MISSING", -32021),
  answered(Code.Internal, "SERVER_ERROR", -32099),
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
  {
    reason: "MANAGER_STOPPING",
    how: "the manager shuts down under a call",
    code: Code.Aborted,
    delivery: "sent",
    provoke: async ({ protocol }) => {
      await using manager = await TestManager.start({ MCPM_RUNTIME: "process" });
      const stage = new Stage(manager, protocol);
      const name = await stage.start();
      const answer = stage.call(name, "never");
      await stage.reaches(name, 1);
      await manager.shutDown();
      return answer;
    },
  },
  {
    reason: "INTERNAL",
    how: "a bug: a fleet that throws what no module throws",
    code: Code.Internal,
    delivery: "sent",
    provoke: async ({ protocol }) => {
      await using broken = await BrokenFleet.open();
      return await broken.ask[protocol]("Get", { name: "x" });
    },
  },
  {
    reason: "MESSAGE_TOO_LARGE",
    how: "a request above MCPM_MAX_REQUEST_BYTES",
    code: Code.ResourceExhausted,
    delivery: "not_sent",
    provoke: (stage) => stage.ask("Start", { name: "x", spec: { image: "x".repeat(70_000) } }),
  },
  {
    reason: "ORIGIN_NOT_ALLOWED",
    how: "a request from a web page",
    code: Code.PermissionDenied,
    delivery: "not_sent",
    provoke: (stage) => stage.ask("List", {}, { headers: { origin: "https://evil.example" } }),
  },
  {
    reason: "HOST_NOT_ALLOWED",
    how: "a request to another Host",
    code: Code.PermissionDenied,
    delivery: "not_sent",
    provoke: (stage) => wire(stage, { host: "evil.example" }),
  },
  {
    reason: "METHOD_NOT_ALLOWED",
    how: "PUT",
    namesPath: true,
    code: Code.Unimplemented,
    delivery: "not_sent",
    provoke: (stage) => wire(stage, { method: "PUT" }),
  },
  {
    reason: "UNSUPPORTED_MEDIA_TYPE",
    how: "a content type that nobody has",
    namesPath: true,
    code: Code.InvalidArgument,
    delivery: "not_sent",
    provoke: (stage) => {
      const grpc = /^application\/grpc(?:-web)?/.exec(contentTypes[stage.protocol])?.[0];
      const path = stage.protocol === "REST" ? "/servers/x/call" : listPath(stage);
      return wire(stage, { path, type: grpc === undefined ? "text/plain" : `${grpc}+thrift`, body: "{}" });
    },
  },
  {
    reason: "HEADERS_TOO_LARGE",
    how: "headers of 20 KB over HTTP/1.1",
    code: Code.ResourceExhausted,
    delivery: "not_sent",
    only: { protocols: ["Connect", "REST"], because: "gRPC is HTTP/2; the answer comes before gRPC-Web is known" },
    provoke: (stage) => wire(stage, { headers: { "x-big": "x".repeat(20_000) } }),
  },
  {
    reason: "NOT_IMPLEMENTED",
    how: "an RPC that is not there",
    code: Code.Unimplemented,
    delivery: "not_sent",
    only: { protocols: ["gRPC", "gRPC-Web", "Connect"], because: "REST has routes, not RPCs" },
    provoke: (stage) => wire(stage, { path: rpcPath("Frobnicate") }),
  },
  {
    reason: "ROUTE_NOT_FOUND",
    how: "a path that is not there",
    code: Code.NotFound,
    delivery: "not_sent",
    only: { protocols: ["REST"], because: "the paths of the other protocols are RPCs" },
    provoke: (stage) => wire(stage, { method: "GET", path: "/nope" }),
  },
  {
    reason: "RPC_ERROR",
    how: "a message that is marked as packed, without saying how",
    code: Code.Internal,
    delivery: "not_sent",
    only: { protocols: ["gRPC", "gRPC-Web"], because: "the others say it in a header" },
    provoke: (stage) => wire(stage, { body: Uint8Array.of(1, 0, 0, 0, 0) }),
  },
];

/** Reasons that no request can provoke, or whose answer nobody can read, and what shows them. */
export const unprovokable: Readonly<Partial<Record<Cause["reason"], string>>> = {
  BAD_DOCKER_HOST: "the manager does not start: test/runtime/docker/docker-address.test.ts",
  FLEET_OWNED: "the manager does not start, or ends: test/line/one-owner.engine.test.ts",
  CANCELLED: "the caller has left: test/rpc/deadline-interceptor.test.ts",
  REQUEST_TIMEOUT: "comes after a minute of silence: test/rpc/answer-malformed.test.ts",
  HANDSHAKE_FAILED: "calls wait until the handshake is over: none is under way",
  START_FAILED: "calls wait until the server has started: none is under way",
  ATTACH_FAILED: "calls wait until the server is attached: none is under way",
};

function wire(stage: Stage, request: Partial<Parameters<typeof sendOnWire>[2]>) {
  const { protocol, url } = stage;
  const method = protocol === "REST" ? "GET" : "POST";
  return sendOnWire(url, protocol, { method, path: listPath(stage), type: contentTypes[protocol], ...request });
}

/** The hostile server's spec in JSON. */
function specJson(args: readonly string[], more: object = {}) {
  const { image, command, workingDir } = hostileProcessSpec();
  const restart = { policy: "RESTART_POLICY_NEVER" };
  return { image, command, workingDir, args: ["hostile.mjs", ...args], restart, ...more };
}
