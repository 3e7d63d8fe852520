import { ConnectError } from "@connectrpc/connect";
import { Era as ProtoEra, PullPolicy } from "../../../../gen/mcpmanager/v1/server_pb.ts";
import { ResultFormat } from "../../../../gen/mcpmanager/v1/tool_pb.ts";
import { errorInfo, type ManagerClient, randomName } from "../../test-manager.ts";
import { parseExact } from "./exact-json.ts";
import type { Era, Outcome } from "./sdk-clients.ts";
import type { PartnerServer } from "./servers.ts";
import { untypedResult, untypedTool } from "./untyped.ts";

const eras = { legacy: ProtoEra.LEGACY, modern: ProtoEra.MODERN } satisfies Record<Era, ProtoEra>;

/** What the manager's callers get of a server: two instances of it, for a call changes the server that it is made to. */
export class OurServer implements AsyncDisposable {
  readonly #client: ManagerClient;
  readonly #names: Record<"json" | "typed", string>;

  private constructor(client: ManagerClient, names: Record<"json" | "typed", string>) {
    this.#client = client;
    this.#names = names;
  }

  static async start(client: ManagerClient, server: PartnerServer, era: Era): Promise<OurServer> {
    const { image, args = [], env = {} } = server;
    const spec = { image, args: [...args], env, pullPolicy: PullPolicy.NEVER, era: eras[era] };
    const names = { json: randomName(), typed: randomName() };
    await Promise.all(Object.values(names).map((name) => client.start({ name, spec })));
    return new OurServer(client, names);
  }

  async listTools(): Promise<unknown[]> {
    const { tools } = await this.#client.listTools({ server: this.#names.json });
    return tools.map(untypedTool);
  }

  /** The result's text. */
  async text(tool: string, args: Record<string, unknown>): Promise<string> {
    return (await this.#call("json", tool, args)).resultJson;
  }

  /** In format JSON. */
  json(tool: string, args: Record<string, unknown>): Promise<Outcome> {
    return outcome(async () => parseExact(await this.text(tool, args)));
  }

  /** In the typed form, put back together. */
  typed(tool: string, args: Record<string, unknown>): Promise<Outcome> {
    return outcome(async () => untypedResult(await this.#call("typed", tool, args)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gracePeriod = { seconds: 0n };
    await Promise.all(Object.values(this.#names).map((name) => this.#client.stop({ name, gracePeriod })));
  }

  #call(form: "json" | "typed", tool: string, args: Record<string, unknown>) {
    return this.#client.callTool({
      server: this.#names[form],
      tool,
      input: { case: "argumentsJson", value: JSON.stringify(args) },
      resultFormat: form === "json" ? ResultFormat.JSON : ResultFormat.TYPED,
    });
  }
}

/** How a call through the manager ended. */
export async function outcome(call: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { result: await call() };
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const info: Record<string, unknown> = errorInfo(error);
    if (info.rpc_code === undefined || info.reason === "TOOL_NOT_FOUND") return { refused: String(info.reason) };
    const words = error.rawMessage.replace(/^.*? answered tools\/call with error -?\d+: /, "");
    const data = info.rpc_data === undefined ? {} : { data: parseExact(String(info.rpc_data)) };
    return { error: { code: Number(info.rpc_code), message: words, ...data } };
  }
}
