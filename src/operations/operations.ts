import { z } from "zod";
import type { Operation, Targets } from "./operation.ts";
import {
  completeRequestSchema,
  getPromptRequestSchema,
  readResourceRequestSchema,
  setLogLevelRequestSchema,
  subscribeResourceRequestSchema,
} from "./requests/mcp-request-schema.ts";
import { healthRequestSchema, reflectRequestSchema } from "./requests/probe-schema.ts";
import {
  callToolRequestSchema,
  callToolStreamRequestSchema,
  getRequestSchema,
  listingRequestSchema,
  listRequestSchema,
  logsRequestSchema,
  startRequestSchema,
  stopRequestSchema,
} from "./requests/request-schema.ts";

const empty = z.strictObject({});

const fleet = (): Targets => [{ kind: "fleet" }];
const named = ({ name }: { name: string }): Targets => [{ kind: "server", server: name }];
const server = (request: { server: string }): Targets => [{ kind: "server", server: request.server }];
const tool = (request: { server: string; tool: string }): Targets => [
  { kind: "tool", server: request.server, tool: request.tool },
];
const resource = (request: { server: string; uri: string }): Targets => [
  { kind: "resource", server: request.server, uri: request.uri },
];
const prompt = (request: { server: string; prompt: string }): Targets => [
  { kind: "prompt", server: request.server, prompt: request.prompt },
];

/** The target of a completion: the prompt or resource template that has the argument. */
type Completed =
  | { case: "prompt"; value: string }
  | { case: "resourceTemplate"; value: string }
  | { case: undefined; value?: undefined };

function completed({ server: name, ref }: { server: string; ref: Completed }): Targets {
  if (ref.case === "prompt") return prompt({ server: name, prompt: ref.value });
  if (ref.case === "resourceTemplate") return resource({ server: name, uri: ref.value });
  return server({ server: name });
}

/** `server/<name>` is a server, everything else the manager. */
function watched({ service }: { service: string }): Targets {
  const name = serverOfHealth(service);
  return name === undefined ? fleet() : server({ server: name });
}

/** The server whose health is asked for by this name of a service, if it is one. */
export function serverOfHealth(service: string): string | undefined {
  return /^server\/(.+)$/.exec(service)?.[1];
}

/** What most operations are like: they end in the manager. */
const here = { filtered: false, reachesServer: false, capped: false, mayLag: false } as const;
/** Goes on to a server. */
const into = { ...here, reachesServer: true, capped: true } as const;
/** Its stream goes on until its caller leaves. */
const followed = { ...here, mayLag: true } as const;

/**
 * Every operation there is. RPCs, and with them REST routes, map to these; no other list of names says anything of
 * them.
 */
export const operations = {
  start: { schema: startRequestSchema, action: "operate", targets: named, ...here },
  stop: { schema: stopRequestSchema, action: "operate", targets: named, ...here },
  restart: { schema: stopRequestSchema, action: "operate", targets: named, ...here },
  list: { schema: listRequestSchema, action: "view", targets: fleet, ...here, filtered: true },
  get: { schema: getRequestSchema, action: "view", targets: named, ...here },
  getInfo: { schema: empty, action: "view", targets: fleet, ...here },
  listSecrets: { schema: listRequestSchema, action: "view", targets: fleet, ...here, filtered: true },
  watch: { schema: empty, action: "view", targets: fleet, ...followed, filtered: true },
  logs: { schema: logsRequestSchema, action: "logs", targets: server, ...followed },

  listTools: { schema: listingRequestSchema, action: "view", targets: server, ...into, filtered: true },
  callTool: { schema: callToolRequestSchema, action: "call", targets: tool, ...into },
  callToolStream: { schema: callToolStreamRequestSchema, action: "call", targets: tool, ...into },
  listResources: { schema: listingRequestSchema, action: "view", targets: server, ...into, filtered: true },
  listResourceTemplates: { schema: listingRequestSchema, action: "view", targets: server, ...into, filtered: true },
  readResource: { schema: readResourceRequestSchema, action: "call", targets: resource, ...into },
  // It reaches the server until that has taken the subscription, and then goes on for as long as its caller likes.
  subscribeResource: {
    schema: subscribeResourceRequestSchema,
    action: "call",
    targets: resource,
    ...followed,
    reachesServer: true,
  },
  listPrompts: { schema: listingRequestSchema, action: "view", targets: server, ...into, filtered: true },
  getPrompt: { schema: getPromptRequestSchema, action: "call", targets: prompt, ...into },
  complete: { schema: completeRequestSchema, action: "call", targets: completed, ...into },
  setLogLevel: { schema: setLogLevelRequestSchema, action: "operate", targets: server, ...into },

  checkHealth: { schema: healthRequestSchema, action: "view", targets: watched, ...here },
  listHealth: { schema: empty, action: "view", targets: fleet, ...here, filtered: true },
  watchHealth: { schema: healthRequestSchema, action: "view", targets: watched, ...here },
  reflect: { schema: reflectRequestSchema, action: "view", targets: fleet, ...here },
} satisfies Readonly<Record<string, Operation>>;
