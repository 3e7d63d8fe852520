import { Client as ClientV2 } from "@modelcontextprotocol/client";
import { getDefaultEnvironment, StdioClientTransport as StdioV2 } from "@modelcontextprotocol/client/stdio";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport as StdioV1 } from "@modelcontextprotocol/sdk/client/stdio.js";
import type { PartnerServer } from "./servers.ts";

/** How a call ended: with a result, with the server's JSON-RPC error, or by an error of the client's own. */
export type Outcome =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string; readonly data?: unknown } }
  | { readonly refused: string };

/** One of the SDK's own clients, connected to a container of its own by `docker run`. */
export interface SdkClient extends AsyncDisposable {
  listTools(): Promise<unknown[]>;
  call(tool: string, args: Record<string, unknown>): Promise<Outcome>;
}

const info = { name: "oracle", version: "0" };

/** A client of each SDK that speaks an era, by name. */
export const sdkClients = {
  legacy: {
    "SDK v1": async (server: PartnerServer) => {
      const client = new ClientV1(info);
      await client.connect(new StdioV1({ ...dockerRun(server), stderr: "ignore" }));
      return opened(client);
    },
    "SDK v2": async (server: PartnerServer) => {
      const client = new ClientV2(info);
      await client.connect(new StdioV2({ ...dockerRun(server), stderr: "ignore" }));
      return opened(client);
    },
  },
  modern: {
    "SDK v2": async (server: PartnerServer) => {
      const client = new ClientV2(info, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
      await client.connect(new StdioV2({ ...dockerRun(server), stderr: "ignore" }));
      return opened(client);
    },
  },
} as const;

export type Era = keyof typeof sdkClients;

/** The sandbox that the manager gives a server, as far as a server sees it; on the same engine. */
export function dockerRun({ image, args = [], env = {} }: Pick<PartnerServer, "image" | "args" | "env">) {
  const settings = Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const sandbox = ["--init", "--network", "none", "--read-only", "--tmpfs", "/tmp:mode=1777"];
  return {
    command: "docker",
    args: ["run", "--interactive", "--rm", ...sandbox, ...settings, image, ...args],
    env: { ...getDefaultEnvironment(), DOCKER_HOST: process.env.DOCKER_HOST ?? "" },
  };
}

function opened(client: ClientV1 | ClientV2): SdkClient {
  return {
    listTools: async () => (await client.listTools()).tools,
    call: (name, args) => outcomeOf(client.callTool({ name, arguments: args })),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

/** How a call by one of the SDK's clients ended. */
export async function outcomeOf(call: Promise<unknown>): Promise<Outcome> {
  try {
    return { result: await call };
  } catch (error) {
    return failure(error);
  }
}

/** The v1 client puts the code before the server's words. */
function failure(error: unknown): Outcome {
  const { code, message, data } = error as { code?: unknown; message: string; data?: unknown };
  if (typeof code !== "number") return { refused: message };
  const words = message.replace(/^MCP error -?\d+: /, "");
  return { error: { code, message: words, ...(data === undefined ? {} : { data }) } };
}
