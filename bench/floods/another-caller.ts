/**
 * A process that calls Get of one server every 5 ms, by gRPC and by Connect in turn, each over a connection of its own,
 * whatever the answers take. Told "stop", it waits for those under way and sends what all of them took.
 */
import { once } from "node:events";
import http2 from "node:http2";
import { setTimeout as delay } from "node:timers/promises";
import { create, toBinary } from "@bufbuild/protobuf";
import { GetRequestSchema } from "../../gen/mcpmanager/v1/manager_pb.ts";
import { grpcHeaders } from "../load/grpc-call.ts";
import { jsonHeaders } from "../load/json-call.ts";
import { type AskedCall, monotonicMs } from "./other-calls.ts";

const everyMs = 5;
const warmUpCalls = 100;
const lastAnswerMs = 40_000;
const path = "/mcpmanager.v1.ManagerService/Get";
const port = Number(process.argv[2]);
const message = toBinary(GetRequestSchema, create(GetRequestSchema, { name: "echo" }));
const envelope = Buffer.concat([Buffer.of(0, 0, 0, 0, message.length), message]);
const asked: AskedCall[] = [];

const grpc = await connect();
const json = await connect();
const callers = [
  () => call(grpc, { headers: grpcHeaders, body: envelope }),
  () => call(json, { headers: jsonHeaders, body: Buffer.from('{"name":"echo"}') }),
];
for (let time = 0; time < warmUpCalls; time += 1) await callers[time % 2]?.();
asked.length = 0;
const under = new Set<Promise<void>>();
let stopped = false;
process.once("message", () => {
  stopped = true;
});
process.once("disconnect", () => process.exit());
process.send?.("ready");
let dueMs = monotonicMs();
for (let time = 0; !stopped; time += 1) {
  const one = callers[time % 2]?.() ?? Promise.resolve();
  under.add(one);
  void one.finally(() => under.delete(one));
  // A moment in which this process itself did not run is left out, not made up for.
  dueMs = Math.max(dueMs + everyMs, monotonicMs() - everyMs);
  await delay(Math.max(0, dueMs - monotonicMs()));
}
await Promise.race([Promise.all(under), delay(lastAnswerMs)]);
process.send?.(asked, () => process.exit());

async function connect(): Promise<http2.ClientHttp2Session> {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  await once(session, "connect");
  session.on("error", () => {});
  return session;
}

/** Notes how long it took, and whether it was answered well. */
async function call(
  session: http2.ClientHttp2Session,
  { headers, body }: { headers: http2.OutgoingHttpHeaders; body: Uint8Array },
): Promise<void> {
  const entry: AskedCall = { atMs: monotonicMs(), tookMs: Number.POSITIVE_INFINITY, ok: false };
  asked.push(entry);
  try {
    const stream = session.request({ ":method": "POST", ":path": path, ...headers });
    let status = "";
    const note = (answer: http2.IncomingHttpHeaders) => {
      status = String(
        answer["grpc-status"] ?? (answer["content-type"] === "application/json" ? answer[":status"] : status),
      );
    };
    stream.on("response", note);
    stream.on("trailers", note);
    stream.end(body);
    stream.resume();
    await once(stream, "close");
    entry.ok = status === "0" || status === "200";
  } catch {
    // It was not answered.
  }
  entry.tookMs = monotonicMs() - entry.atMs;
}
