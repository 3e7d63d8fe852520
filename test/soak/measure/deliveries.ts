import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { MountType } from "../../../gen/mcpmanager/v1/server_pb.ts";

/** The member of a call's `_meta` that `tap.cjs` looks for. */
export const callIdKey = "soak-call";

/** What the servers themselves say that they received: a folder that all of them write into, through `tap.cjs`. */
export class Deliveries implements AsyncDisposable {
  /** For MCPM_BIND_ROOTS. */
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async open(): Promise<Deliveries> {
    const folder = await mkdtemp(path.join(tmpdir(), "mcpm-soak-"));
    const received = path.join(folder, "received");
    await mkdir(received);
    await copyFile(fileURLToPath(new URL("tap.cjs", import.meta.url)), path.join(folder, "tap.cjs"));
    // The servers are user 1000.
    await chmod(folder, 0o755);
    await chmod(received, 0o777);
    return new Deliveries(folder);
  }

  /** What a spec needs so that its server, a Node program, is tapped. */
  get spec() {
    const bind = (name: string, writable: boolean) => ({
      type: MountType.BIND,
      source: path.join(this.folder, name),
      target: `/soak/${name}`,
      writable,
    });
    return {
      env: { NODE_OPTIONS: "--require=/soak/tap.cjs" },
      mounts: [bind("tap.cjs", false), bind("received", true)],
    };
  }

  /** How often each call reached a server, by its id. */
  async counts(): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    const received = path.join(this.folder, "received");
    for (const file of await readdir(received)) {
      const ids = (await readFile(path.join(received, file), "utf8")).split("\n");
      for (const id of ids) if (id !== "") counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    return counts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
