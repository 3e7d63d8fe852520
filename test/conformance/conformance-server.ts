/**
 * conformance-server PROTOS: the program that Connect's conformance runner starts, and tells on stdin what to serve. It
 * serves the runner's service through our listener, guard, adapter, interceptors and limits, until SIGTERM. PROTOS is
 * the image that buf builds of the runner's protos.
 */
import { readFileSync } from "node:fs";
import { create, createFileRegistry, type DescMessage, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { createPinoLog } from "../../src/base/log/pino-log.ts";
import { frontDoor } from "../../src/http/handler.ts";
import { malformedText, refuseRpc } from "../../src/http/refuse.ts";
import { allowAll } from "../../src/operations/authorize.ts";
import { requestJson } from "../../src/rpc/json/json-problem.ts";
import { serveRoutes } from "../../src/rpc/serve-routes.ts";
import { Listener } from "../../src/server/listener.ts";
import { TransferBudget } from "../../src/server/responses/transfer-budget.ts";
import { anOperation, openCall } from "../rpc/a-call.ts";
import { conformanceService } from "./conformance-service.ts";

const mib = 1024 * 1024;
const host = "127.0.0.1";

const [protos, path] = process.argv.slice(2);
if (protos === undefined) throw new Error("usage: conformance-server PROTOS [library]");
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(protos)));

/** Each is prefixed with its length in four bytes. */
const request = fromBinary(message("ServerCompatRequest"), await readDelimited()) as { messageReceiveLimit?: number };

// Its responses hold requests in google.protobuf.Any, which JSON can't say without their descriptors.
const jsonOptions = { ...requestJson, registry };
const log = createPinoLog("warn");
const conformance = {
  service: service(),
  implementation: conformanceService(registry),
  operations: Object.fromEntries(service().methods.map(({ localName }) => [localName, anOperation])),
  options: { jsonOptions },
};
const { mount, streams } = serveRoutes([conformance], {
  log,
  fastPath: path !== "library",
  openCall,
  authorize: allowAll,
  budget: new TransferBudget({ maxBytes: 256 * mib, log, elapsedMs: () => performance.now() }),
  maxRequestBytes: request.messageReceiveLimit || 16 * mib,
  maxResponseBytes: 64 * mib,
  maxCallTimeoutMs: 600_000,
  refuse: refuseRpc,
});
const listener = await Listener.open({
  host,
  port: 0,
  ...frontDoor({ mounts: [mount], streams }, { allowedHosts: [], corsOrigins: [] }),
  malformed: malformedText,
});
process.once("SIGTERM", () => void listener.close({ graceMs: 0 }));
const response = create(message("ServerCompatResponse"), { host, port: listener.port } as Record<string, unknown>);
const bytes = toBinary(message("ServerCompatResponse"), response);
const length = Buffer.alloc(4);
length.writeUInt32BE(bytes.length);
process.stdout.write(Buffer.concat([length, bytes]));

function message(name: string): DescMessage {
  const found = registry.getMessage(`connectrpc.conformance.v1.${name}`);
  if (found === undefined) throw new Error(`${protos} lacks ${name}`);
  return found;
}

function service() {
  const found = registry.getService("connectrpc.conformance.v1.ConformanceService");
  if (found === undefined) throw new Error(`${protos} lacks ConformanceService`);
  return found;
}

async function readDelimited(): Promise<Buffer> {
  let seen = Buffer.alloc(0);
  for await (const chunk of process.stdin) {
    seen = Buffer.concat([seen, chunk as Buffer]);
    if (seen.length >= 4 && seen.length >= 4 + seen.readUInt32BE()) break;
  }
  return seen.subarray(4, 4 + seen.readUInt32BE());
}
