import { Client } from "@modelcontextprotocol/client";
import { getDefaultEnvironment, StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { type Outcome, outcomeOf } from "../e2e/protocols/oracle/sdk-clients.ts";
import type { Call, RealServer } from "./real-server.ts";
import type { Place } from "./stage.ts";

/** The SDK's own client on a server's plain stdio, in a container of the same image by `docker run`. */
export class PlainClient implements AsyncDisposable {
  readonly #client: Client;
  readonly #place: Place;

  private constructor(client: Client, place: Place) {
    this.#client = client;
    this.#place = place;
  }

  static async open(place: Place, era: RealServer["era"]): Promise<PlainClient> {
    const pin = { versionNegotiation: { mode: { pin: "2026-07-28" } } } as const;
    const client = new Client({ name: "compat", version: "0" }, era === "modern" ? pin : {});
    const env = { ...getDefaultEnvironment(), DOCKER_HOST: process.env.DOCKER_HOST ?? "" };
    await client.connect(
      new StdioClientTransport({ command: "docker", args: dockerRun(place), env, stderr: "ignore" }),
    );
    return new PlainClient(client, place);
  }

  async tools(): Promise<unknown[]> {
    return (await this.#client.listTools()).tools;
  }

  async resources(): Promise<string[]> {
    return (await this.#client.listResources()).resources.map(({ uri }) => uri);
  }

  read(uri: string): Promise<Outcome> {
    return outcomeOf(this.#client.readResource({ uri }));
  }

  async prompts(): Promise<string[]> {
    return (await this.#client.listPrompts()).prompts.map(({ name }) => name);
  }

  call({ tool, args = {} }: Call): Promise<Outcome> {
    return outcomeOf(this.#client.callTool({ name: tool, arguments: this.#place.fill({ ...args }) }));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client.close();
  }
}

interface DockerSpec {
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly mounts?: readonly { type: string; source?: string; target: string; writable?: boolean }[];
  readonly network?: Readonly<Record<string, unknown>>;
  readonly working_dir?: string;
}

/** The arguments that give a server what the manager gives it by its spec. */
function dockerRun({ spec }: Place): string[] {
  const { image, args = [], env, mounts = [], network = {}, working_dir } = spec as unknown as DockerSpec;
  return [
    ...["run", "--interactive", "--rm", "--init", "--read-only"],
    ...(mounts.some(({ target }) => target === "/tmp") ? [] : ["--tmpfs", "/tmp:mode=1777"]),
    ...["--network", "bridge" in network ? "bridge" : "none"],
    ...(working_dir === undefined ? [] : ["--workdir", working_dir]),
    ...Object.entries({ HOME: "/tmp", ...env }).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    ...mounts.flatMap((mount) => ["--mount", mountOption(mount)]),
    image,
    ...args,
  ];
}

function mountOption({ type, source, target, writable }: NonNullable<DockerSpec["mounts"]>[number]): string {
  const kind = type.replace("MOUNT_TYPE_", "").toLowerCase();
  if (kind === "tmpfs") return `type=tmpfs,target=${target},tmpfs-mode=1777`;
  return `type=${kind},source=${source},target=${target}${writable ? "" : ",readonly"}`;
}
