import type { Readable } from "node:stream";
import type Docker from "dockerode";
import { invalidRequest, type ManagerError } from "../../../base/errors/errors.ts";
import type { Log } from "../../../base/log/log.ts";
import type { ServerSpec } from "../../../base/spec/spec.ts";
import type { RuntimeCallOptions } from "../../runtime.ts";
import type { Abort, Engine } from "../engine/engine.ts";
import { engineRefusal, engineText, statusOf } from "../engine/engine-error.ts";
import type { Labels } from "../engine/labels.ts";
import { loggable } from "../engine/loggable.ts";
import { pullFailure, readPull } from "./pull.ts";
import { checkRegistry } from "./registry.ts";
import { registryAuth } from "./registry-auth.ts";

const imageReference = /^[\w.-]+(:\d+)?(\/[\w.-]+)*(:[\w.-]+)?(@[\w+.-]+:[0-9a-fA-F]+)?$/;

interface ImagesOptions {
  readonly engine: Engine;
  readonly dockerConfigDir: string | undefined;
  /** Hosts, some with a port, that images are pulled from besides public ones. */
  readonly registries: readonly string[];
  readonly log: Log;
}

type PrepareOptions = RuntimeCallOptions & { readonly onProgress?: (line: string) => void };

/** What the manager reads of an image. */
export interface ImageFacts {
  /** As the engine has it; empty for one that is gone, and on most engines for one that was built here. */
  readonly digest: string;
  readonly labels: Labels;
  /** The user that it runs as by default; empty is root. */
  readonly user: string;
  /** The paths of its VOLUMEs. */
  readonly volumes: readonly string[];
  /** The HOME of its environment; undefined where its /etc/passwd has the say. */
  readonly home: string | undefined;
}

/** What is read of the engine's words. */
interface ImageInfo {
  readonly RepoDigests?: readonly string[] | null;
  readonly Config?: {
    readonly Labels?: Labels | null;
    readonly User?: string;
    readonly Volumes?: object | null;
    readonly Env?: readonly string[] | null;
  } | null;
}

/** What a reference stands for now. */
export type Image = ImageFacts & { readonly id: string };

/** All labels of an image together: every listing and every event of its containers repeats them. */
const maxLabelBytes = 256 * 1024;

/** What the engine says of an image; undefined: it is gone. */
export function factsOf(info: ImageInfo | undefined): ImageFacts {
  const digest = info?.RepoDigests?.[0]?.split("@")[1] ?? "";
  const { Labels: labels, User: user = "", Volumes, Env } = info?.Config ?? {};
  const home = Env?.findLast((entry) => entry.startsWith("HOME="))?.slice("HOME=".length);
  return { digest, labels: labels ?? {}, user, volumes: Object.keys(Volumes ?? {}), home };
}

/** The engine's images: there or not, pulled, and what is known of them. */
export class Images {
  readonly #engine: Engine;
  readonly #options: ImagesOptions;
  readonly #facts = new Map<string, ImageFacts>();

  constructor(options: ImagesOptions) {
    this.#engine = options.engine;
    this.#options = options;
  }

  async has(image: string, options: RuntimeCallOptions): Promise<boolean> {
    return (await this.#inspect(image, options)) !== undefined;
  }

  /** Makes the image available by the spec's pull policy, and gives its id. */
  async prepare(spec: ServerSpec, options: PrepareOptions): Promise<string> {
    const { image, pullPolicy = "if_missing" } = spec;
    // Asked in any case: the engine judges the reference first.
    const found = await this.#inspect(image, options);
    if (found !== undefined && pullPolicy !== "always") return usable(image, found);
    if (pullPolicy === "never") {
      throw imageUnavailable(image, "and pull_policy is NEVER: build, load or pull it first");
    }
    await this.#pull(image, options);
    const pulled = await this.#inspect(image, options);
    if (pulled === undefined) throw imageUnavailable(image, "any more: it was pulled, and removed meanwhile");
    return usable(image, pulled);
  }

  /** Facts of an image, which never change for an id. Empty for an image that is gone. */
  async facts(imageId: string, options: RuntimeCallOptions): Promise<ImageFacts> {
    const known = this.#facts.get(imageId);
    if (known !== undefined) return known;
    const facts = factsOf(await this.#inspect(imageId, options));
    this.#facts.set(imageId, facts);
    return facts;
  }

  /** What the image that a reference names now says; undefined when there is none. */
  async lookUp(image: string, options: RuntimeCallOptions): Promise<Image | undefined> {
    const found = await this.#inspect(image, options);
    return found === undefined ? undefined : { id: found.Id, ...factsOf(found) };
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
    const { dockerConfigDir: configDir, registries, log } = this.#options;
    // Before the credentials are looked up, too: a helper is another's program, and may ask the registry.
    checkRegistry(image, { registries });
    const authconfig = await registryAuth(image, { configDir, log });
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
    if (failure === undefined) return;
    const text = engineText(failure);
    log.warn("a pull failed", { image, engine: loggable(text) });
    throw imageUnavailable(image, `and can't be pulled: ${pullFailure(text)}`);
  }
}

/** The id of an image, unless its labels are so large that its containers would make every listing slow. */
function usable(image: string, info: Docker.ImageInspectInfo): string {
  const bytes = Buffer.byteLength(JSON.stringify(info.Config?.Labels ?? {}));
  if (bytes <= maxLabelBytes) return info.Id;
  const description = `the labels of the image ${image} have ${bytes} bytes; at most ${maxLabelBytes} are allowed`;
  throw invalidRequest([{ field: "spec.image", description }]);
}

export function imageUnavailable(image: string, why: string, cause?: unknown): ManagerError {
  return engineRefusal("not_found", `the image ${image} is not on the engine ${why}`, {
    reason: "IMAGE_UNAVAILABLE",
    cause,
  });
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
