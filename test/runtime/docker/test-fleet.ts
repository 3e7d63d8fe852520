import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Docker from "dockerode";
import { silentLog } from "../../../src/base/log/log.ts";
import type { ServerSpec } from "../../../src/base/spec/spec.ts";
import { createDockerRuntime } from "../../../src/runtime/docker/docker-runtime.ts";
import { parseDockerHost } from "../../../src/runtime/docker/engine/docker-address.ts";
import type { ImageVolumes } from "../../../src/runtime/docker/mounts/image-volumes.ts";
import type { Runtime } from "../../../src/runtime/runtime.ts";
import { TestInstances } from "../test-instances.ts";

/** Made by `make test` from test/servers. */
export const testImage = "mcpm-test/servers:latest";

/** Where tests have files of secrets, a folder a fleet: nobody else's. */
export const testSecretsDir = join(tmpdir(), `mcpm-secrets-${process.getuid?.()}`);

/** The engine, without a runtime: to look at what is really there. */
export function testEngine(dockerHost = process.env.DOCKER_HOST): Docker {
  const address = parseDockerHost(dockerHost, false);
  return new Docker(
    address.kind === "local" ? { socketPath: address.socketPath } : { host: address.host, port: address.port },
  );
}

/** A runtime on the real engine in a fleet of its own, which leaves nothing behind. */
export class TestFleet extends TestInstances {
  readonly fleet = `t-${randomBytes(6).toString("hex")}`;
  override readonly runtime: Runtime;
  /** The engine beside the runtime. */
  readonly docker: Docker;
  readonly #bindRoots: readonly string[];
  readonly #bindUsers: readonly string[];
  readonly #imageVolumes: ImageVolumes;
  readonly #subnets: readonly string[];
  /** As DOCKER_HOST; undefined is the default socket. */
  readonly dockerHost: string | undefined;

  /** Without `dockerHost`: the engine that all tests share. */
  constructor(
    options: {
      readonly bindRoots?: readonly string[];
      readonly bindUsers?: readonly string[];
      readonly dockerHost?: string | undefined;
      readonly imageVolumes?: ImageVolumes;
      readonly subnets?: readonly string[];
    } = {},
  ) {
    super();
    this.#bindRoots = options.bindRoots ?? [];
    this.#bindUsers = options.bindUsers ?? ["1000:1000"];
    this.#subnets = options.subnets ?? ["10.231.16.0/20"];
    this.#imageVolumes = options.imageVolumes ?? "keep";
    this.dockerHost = options.dockerHost ?? process.env.DOCKER_HOST;
    this.docker = testEngine(this.dockerHost);
    this.runtime = this.successor();
  }

  /** A spec that runs one of test/servers, or a Node program given as text. */
  static spec(program: string, more: Partial<ServerSpec> = {}): ServerSpec {
    const args = program.endsWith(".mjs") ? [program] : ["--input-type=module", "-e", program];
    return { image: testImage, args, pullPolicy: "never", ...more };
  }

  override spec(program: string, more: Partial<ServerSpec> = {}): ServerSpec {
    return TestFleet.spec(program, more);
  }

  override successor(options: { readonly requireLimits?: boolean } = {}): Runtime {
    const { dockerHost, fleet } = this;
    const [bindRoots, bindUsers] = [this.#bindRoots, this.#bindUsers];
    const [imageVolumes, subnets] = [this.#imageVolumes, this.#subnets];
    return createDockerRuntime({
      dockerHost,
      fleet,
      bindRoots,
      bindUsers,
      imageVolumes,
      subnets,
      secretsDir: testSecretsDir,
      log: silentLog,
      ...options,
    });
  }

  override async signal({ id }: { readonly id: string }, signal: NodeJS.Signals): Promise<void> {
    // Through docker-init, which passes it on.
    await this.docker.getContainer(id).kill({ signal });
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    const label = ["managed-by=mcp-docker-manager", `mcpm.fleet=${this.fleet}`];
    const containers = await this.docker.listContainers({ all: true, filters: { label } });
    await Promise.all(containers.map(({ Id }) => this.runtime.remove(Id, {})));
    // What the runtime does not take for the fleet's.
    const strangers = await this.docker.listContainers({ all: true, filters: { label } });
    await Promise.all(strangers.map(({ Id }) => this.docker.getContainer(Id).remove({ force: true, v: true })));
    await this.runtime[Symbol.asyncDispose]();
    await Promise.all((await this.networks()).map((name) => this.docker.getNetwork(name).remove()));
    // Those of servers, and the locks of managers that were killed.
    await Promise.all((await this.volumes()).map((name) => this.docker.getVolume(name).remove()));
  }

  /** The networks of this fleet. */
  async networks(): Promise<string[]> {
    const filters = { label: [`mcpm.fleet=${this.fleet}`] };
    return (await this.docker.listNetworks({ filters })).map(({ Name }) => Name);
  }

  /** The volumes of this fleet, with the manager's own. */
  async volumes(): Promise<string[]> {
    const filters = JSON.stringify({ label: [`mcpm.fleet=${this.fleet}`] });
    const { Volumes } = await this.docker.listVolumes({ filters });
    return (Volumes ?? []).map(({ Name }) => Name);
  }
}
