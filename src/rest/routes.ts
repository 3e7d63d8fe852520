import type { DescMethodServerStreaming, DescMethodUnary } from "@bufbuild/protobuf";
import { ManagerService } from "../../gen/mcpmanager/v1/manager_pb.ts";

/** A REST route: which RPC it is, and what its body is. */
export interface Route {
  readonly httpMethod: "GET" | "POST";
  /** Segments in braces are fields of the request. */
  readonly path: string;
  readonly rpc: DescMethodUnary | DescMethodServerStreaming;
  /** A field of the request, `*` for the request itself, or undefined: no body, the query holds the fields. */
  readonly body?: string;
}

const { getInfo, listSecrets, list, get, start, stop, restart, callTool, callToolStream, listTools, logs, watch } =
  ManagerService.method;
const { listResources, listResourceTemplates, readResource, subscribeResource } = ManagerService.method;
const { listPrompts, getPrompt, complete, setLogLevel } = ManagerService.method;

/** Every REST route. */
export const routes: readonly Route[] = [
  { httpMethod: "GET", path: "/info", rpc: getInfo },
  { httpMethod: "GET", path: "/secrets", rpc: listSecrets },
  { httpMethod: "GET", path: "/servers", rpc: list },
  { httpMethod: "GET", path: "/servers/{name}", rpc: get },
  { httpMethod: "POST", path: "/servers/{name}/start", rpc: start, body: "spec" },
  { httpMethod: "POST", path: "/servers/{name}/stop", rpc: stop, body: "*" },
  { httpMethod: "POST", path: "/servers/{name}/restart", rpc: restart, body: "*" },
  { httpMethod: "POST", path: "/servers/{server}/call", rpc: callTool, body: "*" },
  { httpMethod: "POST", path: "/servers/{server}/call/stream", rpc: callToolStream, body: "*" },
  { httpMethod: "GET", path: "/servers/{server}/tools", rpc: listTools },
  { httpMethod: "GET", path: "/servers/{server}/resources", rpc: listResources },
  { httpMethod: "GET", path: "/servers/{server}/resource-templates", rpc: listResourceTemplates },
  { httpMethod: "POST", path: "/servers/{server}/resources/read", rpc: readResource, body: "*" },
  { httpMethod: "POST", path: "/servers/{server}/resources/subscribe", rpc: subscribeResource, body: "*" },
  { httpMethod: "GET", path: "/servers/{server}/prompts", rpc: listPrompts },
  { httpMethod: "POST", path: "/servers/{server}/prompts/get", rpc: getPrompt, body: "*" },
  { httpMethod: "POST", path: "/servers/{server}/complete", rpc: complete, body: "*" },
  { httpMethod: "POST", path: "/servers/{server}/log-level", rpc: setLogLevel, body: "*" },
  { httpMethod: "GET", path: "/servers/{server}/logs", rpc: logs },
  { httpMethod: "GET", path: "/watch", rpc: watch },
];

/** A route that a path matches, and the fields in it. */
export interface RouteMatch {
  readonly route: Route;
  readonly fields: Readonly<Record<string, string>>;
}

/** A segment of a route's path: the text itself, or the field that it gives. */
type Part = { readonly text: string } | { readonly field: string };

/** The routes by the number of their segments. */
const patterns = Map.groupBy(
  routes.map((route) => ({ route, parts: route.path.split("/").map(partOf) })),
  ({ parts }) => parts.length,
);

function partOf(segment: string): Part {
  const field = /^\{(.+)\}$/.exec(segment)?.[1];
  return field === undefined ? { text: segment } : { field };
}

/** The routes of a path, one an HTTP method. */
export function matchRoutes(path: string): RouteMatch[] {
  const segments = path.split("/");
  const matches: RouteMatch[] = [];
  for (const { route, parts } of patterns.get(segments.length) ?? []) {
    const fields = matchParts(parts, segments);
    if (fields !== undefined) matches.push({ route, fields });
  }
  return matches;
}

function matchParts(parts: readonly Part[], segments: readonly string[]): Record<string, string> | undefined {
  // The cheap comparison first: most routes don't match.
  if (!parts.every((part, index) => "field" in part || part.text === segments[index])) return undefined;
  const fields: Record<string, string> = {};
  for (const [index, part] of parts.entries()) {
    if (!("field" in part)) continue;
    const value = decoded(segments[index] ?? "");
    if (value === undefined || value === "") return undefined;
    fields[part.field] = value;
  }
  return fields;
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
