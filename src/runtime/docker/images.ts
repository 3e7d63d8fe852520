import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { invalidRequest, type ManagerError } from "../../errors.ts";
import type { Log } from "../../log.ts";
import type { ServerSpec } from "../../spec.ts";
import type { RuntimeCallOptions } from "../runtime.ts";
import type { Abort, Engine } from "./engine.ts";
import { engineText, refusal, statusOf } from "./engine-error.ts";
import { lines } from "./lines.ts";
import { type PullMessage, PullProgress } from "./pull-progress.ts";
import { registryAuth } from "./registry-auth.ts";

const imageReference = /^[\w.-]+(:\d+)?(\/[\w.-]+)*(:[\w.-]+)?(@[\w+.-]+:[0-9a-fA-F]+)?$/;

/** What a reference stands for now. */
export interface ImageIdentity {
  readonly id: string;
  /** The user that it names for its processes; empty is root. */
  readonly user: string;
  /** The paths of its VOLUMEs. */
  readonly volumes: readonly string[];
}

type PrepareOptions = RuntimeCallOptions & { readonly onProgress?: (line: string) => void };

/** The engine's images: there or not, pulled, and by which digest their registry knows them. */
export class Images {
  readonly #engine: Engine;
  readonly #configDir: string | undefined;
  readonly #log: Log;
  readonly #digests = new Map<string, string>();

  constructor(options: { readonly engine: Engine; readonly dockerConfigDir: string | undefined; readonly log: Log }) {
    this.#engine = options.engine;
    this.#configDir = options.dockerConfigDir;
    this.#log = options.log;
  }

  async has(image: string, options: RuntimeCallOptions): Promise<boolean> {
    return (await this.#inspect(image, options)) !== undefined;
  }

  /** Undefined: it is not there. */
  async identity(image: string, options: RuntimeCallOptions): Promise<ImageIdentity | undefined> {
    const found = await this.#inspect(image, options);
    if (found === undefined) return undefined;
    const { User: user = "", Volumes } = found.Config ?? {};
    return { id: found.Id, user, volumes: Object.keys(Volumes ?? {}) };
  }

  /** Makes the image available by the spec's pull policy, and gives its id. */
  async prepare(spec: ServerSpec, options: PrepareOptions): Promise<string> {
    const { image, pullPolicy = "if_missing" } = spec;
    // Asked in any case: the engine judges the reference first.
    const found = await this.#inspect(image, options);
    if (found !== undefined && pullPolicy !== "always") return found.Id;
    if (pullPolicy === "never") {
      throw imageUnavailable(image, "and pull_policy is NEVER: build, load or pull it first");
    }
    await this.#pull(image, options);
    const pulled = await this.#inspect(image, options);
    if (pulled === undefined) throw imageUnavailable(image, "any more: it was pulled, and removed meanwhile");
    return pulled.Id;
  }

  /** Digest of the image in its registry; empty for one that was built here or is gone. */
  async digest(imageId: string, options: RuntimeCallOptions): Promise<string> {
    const known = this.#digests.get(imageId);
    if (known !== undefined) return known;
    const found = await this.#inspect(imageId, options);
    const digest = found?.RepoDigests?.[0]?.split("@")[1] ?? "";
    this.#digests.set(imageId, digest);
    return digest;
  }

  async #inspect(image: string, options: RuntimeCallOptions): Promise<Docker.ImageInspectInfo | undefined> {
    assertImageReference(image);
    const inspect = async (docker: Docker) => {
      try {
        return await docker.getImage(image).inspect();
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        if (statusOf(error) === 400) throw noReference(image, engineText(error));
        throw error;
      }
    };
    return this.#engine.call(`inspect image ${image}`, inspect, options);
  }

  async #pull(image: string, options: PrepareOptions): Promise<void> {
    assertImageReference(image);
    const authconfig = await registryAuth(image, { configDir: this.#configDir, log: this.#log });
    const pull = async (docker: Docker, abort: Abort) => {
      try {
        const stream = await docker.pull(image, { ...abort, ...(authconfig === undefined ? {} : { authconfig }) });
        return await readPull(stream as Readable, options.onProgress);
      } catch (error) {
        if (statusOf(error) === undefined) throw error;
        return error;
      }
    };
    const failure: unknown = await this.#engine.call(`pull image ${image}`, pull, { ...options, unlimited: true });
    if (failure !== undefined) throw imageUnavailable(image, `and can't be pulled: ${engineText(failure)}`);
  }
}

/** Reads a pull to its end. Returns the engine's text when it failed: that comes inside an answer of status 200. */
async function readPull(
  stream: Readable,
  onProgress: ((line: string) => void) | undefined,
): Promise<string | undefined> {
  const progress = new PullProgress();
  let failure: string | undefined;
  for await (const line of lines(stream)) {
    const message = JSON.parse(line) as PullMessage;
    failure ??= message.error;
    const shown = progress.line(message);
    if (shown !== undefined) onProgress?.(shown);
  }
  return failure;
}

export function imageUnavailable(image: string, why: string, cause?: unknown): ManagerError {
  return refusal("not_found", `the image ${image} is not on the engine ${why}`, { reason: "IMAGE_UNAVAILABLE", cause });
}

/** The reference becomes part of an engine URL: nothing that could leave its place in there. */
function assertImageReference(image: string): void {
  if (!imageReference.test(image) || image.includes("..")) throw noReference(image);
}

function noReference(image: string, why?: string): ManagerError {
  const rule = why?.replace(`no such image: ${image}: `, "");
  const description = `"${image}" is not an image reference${rule === undefined ? "" : `: ${rule}`}`;
  return invalidRequest([{ field: "spec.image", description }]);
}
