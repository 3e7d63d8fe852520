import { Code } from "@connectrpc/connect";
import { contentTypes, sendOnWire } from "../wire.ts";
import type { Cause, Stage } from "./cause.ts";

const rpcPath = (name: string) => `/mcpmanager.v1.ManagerService/${name}`;
/** What lists the servers, by RPC or by route. */
const listPath = ({ protocol }: Stage) => (protocol === "REST" ? "/servers" : rpcPath("List"));

/** Causes that no client library sends: what HTTP and the protocols themselves refuse. */
export const wireCauses: readonly Cause[] = [
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
      return wire(stage, {
        method: "POST",
        path,
        type: grpc === undefined ? "text/plain" : `${grpc}+thrift`,
        body: "{}",
      });
    },
  },
  {
    reason: "HEADERS_TOO_LARGE",
    how: "headers of 20 KB over HTTP/1.1",
    code: Code.ResourceExhausted,
    delivery: "not_sent",
    only: { protocols: ["Connect", "REST"], because: "gRPC is HTTP/2; the response comes before gRPC-Web is known" },
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

function wire(stage: Stage, request: Partial<Parameters<typeof sendOnWire>[2]>) {
  const { protocol, url } = stage;
  const method = protocol === "REST" ? "GET" : "POST";
  return sendOnWire(url, protocol, { method, path: listPath(stage), type: contentTypes[protocol], ...request });
}
