import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ManagerProcess } from "../e2e/manager-process.ts";
import type { ManagerClient } from "../e2e/test-manager.ts";
import { TestFleet } from "../runtime/docker/test-fleet.ts";
import type { RealServer } from "./real-server.ts";
import { Services } from "./services.ts";
import { imageOf } from "./table/real-servers.ts";

/** Where one side runs a server. */
export interface Place {
  /** As JSON, of the form that REST takes. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** The same with what the placeholders stand for. */
  readonly fill: <T>(value: T) => T;
}

const placeholder = /\$([A-Z]+)/g;

/** A manager as users run it, which allows what the servers need, in a fleet of its own; and what is around it. */
export class Stage implements AsyncDisposable {
  readonly fleet: TestFleet;
  readonly #manager: ManagerProcess;
  readonly #services: Services;
  readonly #root: string;
  readonly #volumes: string[] = [];

  private constructor(parts: { fleet: TestFleet; manager: ManagerProcess; services: Services; root: string }) {
    this.fleet = parts.fleet;
    this.#manager = parts.manager;
    this.#services = parts.services;
    this.#root = parts.root;
  }

  static async open(): Promise<Stage> {
    const fleet = new TestFleet();
    const root = await mkdtemp(path.join(tmpdir(), "mcpm-compat-"));
    const manager = await ManagerProcess.start(fleet.fleet, {
      MCPM_ALLOW_NETWORKS: "bridge",
      MCPM_BIND_ROOTS: root,
      MCPM_LOG_LEVEL: "info",
    });
    return new Stage({ fleet, manager, services: new Services(fleet.docker), root });
  }

  get client(): ManagerClient {
    return this.#manager.client;
  }

  /** A folder and a volume that nobody else has, and the services that the server speaks to. */
  async place(server: RealServer): Promise<Place> {
    const wish = { ...server.spec, image: imageOf(server), pull_policy: "PULL_POLICY_NEVER" };
    const values = new Map<string, string>();
    for (const [, name = ""] of JSON.stringify([wish, server.right]).matchAll(placeholder)) {
      if (!values.has(name)) values.set(name, await this.#value(name, server));
    }
    const fill = <T>(value: T): T =>
      JSON.parse(JSON.stringify(value).replaceAll(placeholder, (_, name) => values.get(name) ?? ""));
    return { spec: fill(wish), fill };
  }

  /** Of the fleet's containers. */
  get labels(): string[] {
    return ["managed-by=mcp-docker-manager", `mcpm.fleet=${this.fleet.fleet}`];
  }

  /** What the engine has of the fleet. */
  async containers(): Promise<string[]> {
    const containers = await this.fleet.docker.listContainers({ all: true, filters: { label: this.labels } });
    return containers.map(({ Names: [name = ""] }) => name);
  }

  async #value(name: string, server: RealServer): Promise<string> {
    switch (name) {
      case "FILES":
        return this.#folder(server.files ?? {});
      case "VOLUME": {
        const volume = `mcpm-compat-${randomBytes(6).toString("hex")}`;
        this.#volumes.push(volume);
        return volume;
      }
      default:
        return this.#services.address(name.toLowerCase());
    }
  }

  /** A folder that belongs to the user of the images, 1000:1000, or to all where we may not give it away. */
  async #folder(files: Readonly<Record<string, string>>): Promise<string> {
    const folder = path.join(this.#root, randomBytes(6).toString("hex"));
    await mkdir(folder);
    for (const [name, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
      await writeFile(path.join(folder, name), text);
    }
    await chmod(this.#root, 0o755);
    for (const name of ["", ...(await readdir(folder, { recursive: true }))]) {
      const inside = path.join(folder, name);
      await (process.getuid?.() === 0 ? chown(inside, 1000, 1000) : chmod(inside, 0o777));
    }
    return folder;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#manager.kill("SIGTERM");
    await this.fleet[Symbol.asyncDispose]();
    await this.#services[Symbol.asyncDispose]();
    // Those of the SDK's client; the fleet's are gone.
    for (const volume of this.#volumes) {
      await this.fleet.docker.getVolume(volume).remove().catch(ignoreMissing);
    }
    await rm(this.#root, { recursive: true, force: true });
  }
}

function ignoreMissing(error: unknown): void {
  if ((error as { statusCode?: number }).statusCode !== 404) throw error;
}
