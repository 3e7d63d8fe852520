import { Code } from "@connectrpc/connect";
import { errorInfo, hostileProcessSpec, randomName, TestManager } from "../../e2e/test-manager.ts";

import { BrokenFleet } from "../broken-fleet.ts";
import { type Cause, Stage } from "./cause.ts";

const kill = { gracePeriod: { seconds: 0n } };
const briefly = { callTimeout: { seconds: 0n, nanos: 300_000_000 } };

/** What becomes of servers and calls on the runtime `process`, which needs no engine. */
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
    reason: "SECRET_UNRESOLVED",
    how: "Start with a secret whose value can't be read",
    code: Code.FailedPrecondition,
    delivery: "not_sent",
    also: { fields: ['spec.secrets["TOKEN"]'] },
    provoke: (stage) => stage.ask("Start", { name: "nobody", spec: { ...specJson([]), secrets: { TOKEN: "unset" } } }),
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
    reason: "PLAN_CHANGED",
    how: "an Apply that expects another plan",
    code: Code.Aborted,
    delivery: "not_sent",
    provoke: (stage) => stage.ask("Apply", { set: "s", expected_plan_digest: "another" }),
  },
  {
    reason: "START_CANCELLED",
    how: "a Stop during a Start",
    code: Code.Aborted,
    delivery: "not_sent",
    provoke: async (stage) => {
      const name = randomName();
      const failure = stage.ask("Start", { name, spec: specJson(["--handshake-ms", "60000"]) });
      await stage.isListed(name);
      await stage.client.stop({ name, ...kill });
      return failure;
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
    provoke: (stage) => stage.callDuring((name) => stage.client.stop({ name, ...kill })),
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
      let failure = await stage.call(name, "nope");
      // Until the Stop has begun, the server says that it has no such tool.
      while (failure.reason === "TOOL_NOT_FOUND") failure = await stage.call(name, "nope");
      other.abort();
      await stopped;
      return failure;
    },
  },
  {
    reason: "SERVER_RESTARTED",
    how: "a Restart without grace under a call",
    code: Code.Aborted,
    delivery: "sent",
    provoke: (stage) => stage.callDuring((name) => stage.client.restart({ name, ...kill })),
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
      const failure = await stage.call(name, "echo");
      await stage.client.stop({ name, ...kill });
      await started;
      return failure;
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
      const failure = await stage.call(name, "echo");
      other.abort();
      return failure;
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
      const failure = await stage.call(name, "echo");
      other.abort();
      return failure;
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
      const failure = await stage.call(name, "echo", args);
      left.abort();
      await stage.client.stop({ name, ...kill });
      return failure;
    },
  },
  {
    reason: "DEADLINE_EXCEEDED",
    how: "a call that the server does not answer within call_timeout",
    code: Code.DeadlineExceeded,
    delivery: "sent",
    provoke: async (stage) => stage.call(await stage.start([], briefly), "never"),
  },
  {
    reason: "MANAGER_STOPPING",
    how: "the manager shuts down under a call",
    code: Code.Aborted,
    delivery: "sent",
    provoke: async ({ protocol }) => {
      await using manager = await TestManager.start({ MCPM_RUNTIME: "process" });
      return await new Stage(manager, protocol).callDuring(() => manager.shutDown());
    },
  },
  {
    reason: "INTERNAL",
    how: "a bug under a call: a fleet that throws what no module throws",
    code: Code.Internal,
    delivery: "sent",
    provoke: async ({ protocol }) => {
      await using broken = await BrokenFleet.open();
      return await broken.ask[protocol]("ListTools", { server: "x" });
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
];

/** The hostile server's spec in JSON. */
function specJson(args: readonly string[], more: object = {}) {
  const { image, command, workingDir } = hostileProcessSpec();
  const restart = { policy: "RESTART_POLICY_NEVER" };
  return { image, command, workingDir, args: ["hostile.mjs", ...args], restart, ...more };
}
