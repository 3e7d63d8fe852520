import { setTimeout as delay } from "node:timers/promises";
import type Docker from "dockerode";

const ports: Readonly<Record<string, number>> = { pages: 8000, postgres: 5432, redis: 6379 };

/**
 * What some servers speak to, of test/compat/services: each runs from when it is first asked for. A server's own bridge
 * does not reach other containers, so their port is published, on the host's address on Docker's common bridge.
 */
export class Services implements AsyncDisposable {
  readonly #docker: Docker;
  readonly #running = new Map<string, Docker.Container>();

  constructor(docker: Docker) {
    this.#docker = docker;
  }

  /** Where servers reach a service, as `host:port`. It is ready then. */
  async address(name: string): Promise<string> {
    const container = this.#running.get(name) ?? (await this.#start(name));
    for (;;) {
      const { State, NetworkSettings } = await container.inspect();
      if (!State.Running) throw new Error(`the service ${name} ended with code ${State.ExitCode}`);
      const [published] = Object.values(NetworkSettings.Ports).flat();
      if (State.Health?.Status === "healthy") return `${published?.HostIp}:${published?.HostPort}`;
      await delay(200); // The engine's own checks are a second apart.
    }
  }

  async #start(name: string): Promise<Docker.Container> {
    const { IPAM }: Docker.NetworkInspectInfo = await this.#docker.getNetwork("bridge").inspect();
    const HostIp = IPAM?.Config?.[0]?.Gateway;
    if (HostIp === undefined) throw new Error("the engine's network bridge does not say the host's address on it");
    const port = `${ports[name]}/tcp`;
    const container = await this.#docker.createContainer({
      Image: `mcpm-compat/service-${name}:latest`,
      ExposedPorts: { [port]: {} },
      HostConfig: {
        AutoRemove: true,
        NetworkMode: "bridge",
        PortBindings: { [port]: [{ HostIp }] },
        Init: true,
      },
    });
    this.#running.set(name, container);
    await container.start();
    return container;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const container of this.#running.values()) await container.remove({ force: true, v: true });
  }
}
