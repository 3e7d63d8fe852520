import { setTimeout as delay } from "node:timers/promises";
import type Docker from "dockerode";

/** What some servers speak to, of test/compat/services: each runs from when it is first asked for. */
export class Services implements AsyncDisposable {
  readonly #docker: Docker;
  readonly #running = new Map<string, Docker.Container>();

  constructor(docker: Docker) {
    this.#docker = docker;
  }

  /** Where containers on the bridge reach a service, which is then ready. */
  async address(name: string): Promise<string> {
    const container = this.#running.get(name) ?? (await this.#start(name));
    for (;;) {
      const { State, NetworkSettings } = await container.inspect();
      if (!State.Running) throw new Error(`the service ${name} ended with code ${State.ExitCode}`);
      if (State.Health?.Status === "healthy") return NetworkSettings.Networks.bridge?.IPAddress ?? "";
      await delay(200); // The engine's own checks are a second apart.
    }
  }

  async #start(name: string): Promise<Docker.Container> {
    const container = await this.#docker.createContainer({
      Image: `mcpm-compat/service-${name}:latest`,
      HostConfig: { AutoRemove: true, NetworkMode: "bridge", Init: true },
    });
    this.#running.set(name, container);
    await container.start();
    return container;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const container of this.#running.values()) await container.remove({ force: true, v: true });
  }
}
