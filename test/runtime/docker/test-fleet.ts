import { randomBytes } from "node:crypto";
import Docker from "dockerode";
import { silentLog } from "../../../src/log.ts";
import { parseDockerHost } from "../../../src/runtime/docker/docker-address.ts";
import { createDockerRuntime } from "../../../src/runtime/docker/docker-runtime.ts";
import type { Attachment, InstanceRecord, Runtime } from "../../../src/runtime/runtime.ts";
import type { ServerSpec } from "../../../src/spec.ts";
import { Recorder } from "./recorder.ts";

/** Made by `make test` from test/servers. */
export const testImage = "mcpm-test/servers:latest";

export interface Started {
  readonly record: InstanceRecord;
  readonly sink: Recorder;
  readonly attachment: Attachment;
}

/** A runtime on the real engine in a fleet of its own, which leaves nothing behind. */
export class TestFleet implements AsyncDisposable {
  readonly fleet = `t-${randomBytes(6).toString("hex")}`;
  readonly runtime: Runtime;
  /** The engine beside the runtime: to look at what is really there. */
  readonly docker: Docker;
  #servers = 0;

  constructor(options: { readonly bindRoots?: readonly string[] } = {}) {
    const dockerHost = process.env.DOCKER_HOST;
    const address = parseDockerHost(dockerHost, false);
    this.docker = new Docker(
      address.kind === "local" ? { socketPath: address.socketPath } : { host: address.host, port: address.port },
    );
    this.runtime = createDockerRuntime({
      dockerHost,
      fleet: this.fleet,
      bindRoots: options.bindRoots ?? [],
      log: silentLog,
    });
  }

  /** A spec that runs one of test/servers, or a Node program given as text. */
  static spec(program: string, more: Partial<ServerSpec> = {}): ServerSpec {
    const args = program.endsWith(".mjs") ? [program] : ["--input-type=module", "-e", program];
    return { image: testImage, args, pullPolicy: "never", ...more };
  }

  async create(spec: ServerSpec, server = `s${++this.#servers}`): Promise<InstanceRecord> {
    await this.runtime.prepare(spec, {});
    return this.runtime.create({ server, instance: "1", spec }, {});
  }

  /** Create, attach, start: as a fleet does. */
  async start(spec: ServerSpec, server?: string): Promise<Started> {
    const record = await this.create(spec, server);
    const sink = new Recorder();
    const attachment = await this.runtime.attach(record.id, sink, {});
    await this.runtime.start(record.id, {});
    return { record, sink, attachment };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const label = ["managed-by=mcp-docker-manager", `mcpm.fleet=${this.fleet}`];
    const containers = await this.docker.listContainers({ all: true, filters: { label } });
    await Promise.all(containers.map(({ Id }) => this.runtime.remove(Id, {})));
    const { Volumes } = await this.docker.listVolumes({ filters: JSON.stringify({ label }) });
    await Promise.all((Volumes ?? []).map(({ Name }) => this.docker.getVolume(Name).remove()));
    await this.runtime[Symbol.asyncDispose]();
  }
}
