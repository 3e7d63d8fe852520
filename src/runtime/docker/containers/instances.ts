import { realpath } from "node:fs/promises";
import type Docker from "dockerode";
import type { Log } from "../../../base/log/log.ts";
import type { ServerSpec } from "../../../base/spec/spec.ts";
import type { InstanceRecord, RuntimeCallOptions } from "../../runtime.ts";
import { containerOf } from "../engine/container-id.ts";
import type { Engine } from "../engine/engine.ts";
import { statusOf } from "../engine/engine-error.ts";
import { isOwned, type Labels, ownerFilter } from "../engine/labels.ts";
import type { ImageFacts, Images } from "../images/images.ts";
import type { SecretFiles } from "../secret-files/secret-files.ts";
import { reasonToLeaveAlone } from "./adoptable.ts";
import { networkName } from "./container-name.ts";
import { instanceRecord, plainName, silentRecord } from "./instance-record.ts";
import { type OwnLabels, ownLabels } from "./own-labels.ts";

/** Inspections at a time: enough to keep the engine busy, without a socket for each container. */
const parallelInspections = 8;
/** While a stalled `docker attach` holds up a container that was killed, the engine does not answer for it. */
const maxInspectMs = 10_000;

interface InstancesOptions {
  readonly engine: Engine;
  readonly images: Images;
  readonly fleet: string;
  readonly bindUsers?: readonly string[];
  readonly secretFiles: Pick<SecretFiles, "has">;
  readonly log: Log;
}

/**
 * This fleet's containers as records. A container that has the fleet's labels, but was not made by a manager, is left
 * out and logged once.
 */
export class Instances {
  readonly #options: InstancesOptions;
  /** Containers that a manager is known to have made, and those that were logged. Neither changes. */
  readonly #ours = new Set<string>();
  readonly #told = new Set<string>();

  constructor(options: InstancesOptions) {
    this.#options = options;
  }

  /**
   * Undefined when the container is gone, is being removed, or is not this fleet's. `check` is shown what the engine
   * has of it, and may throw.
   */
  async inspect(
    id: string,
    options: RuntimeCallOptions & { readonly check?: (info: Docker.ContainerInspectInfo) => void },
  ): Promise<InstanceRecord | undefined> {
    const { check, ...call } = options;
    const found = await this.#find(id, call);
    if (found === undefined) return undefined;
    const { info, image, own } = found;
    check?.(info);
    const record = instanceRecord(info, { fleet: this.#options.fleet, own, imageDigest: image.digest });
    if (record?.spec === undefined || record.leaveAlone !== undefined) return record;
    const weakness = await this.#reasonToLeaveAlone({ info, image, own, spec: record.spec }, call);
    return weakness === undefined ? record : { ...record, leaveAlone: weakness };
  }

  /** Whether a container is one that a manager of this fleet made. */
  async isOurs(id: string, options: RuntimeCallOptions): Promise<boolean> {
    return this.#ours.has(id) || (await this.#find(id, options)) !== undefined;
  }

  async list(options: RuntimeCallOptions): Promise<InstanceRecord[]> {
    const filters = { label: ownerFilter(this.#options.fleet) };
    const containers = await this.#options.engine.call(
      "list containers",
      (docker, abort) => docker.listContainers({ all: true, filters, ...abort }),
      options,
    );
    const records: (InstanceRecord | undefined)[] = [];
    // One iterator for all workers: each takes the next container.
    const queue = containers.entries();
    const work = async () => {
      for (const [index, container] of queue) records[index] = await this.#recordOf(container, options);
    };
    await Promise.all(Array.from({ length: parallelInspections }, work));
    const listed = new Set(containers.map(({ Id }) => Id));
    for (const known of [this.#ours, this.#told]) {
      for (const id of known) if (!listed.has(id)) known.delete(id);
    }
    return records.filter((record) => record !== undefined);
  }

  /** One container that the engine does not answer for must not keep its caller from the others. */
  async #recordOf(info: Docker.ContainerInfo, { signal }: RuntimeCallOptions): Promise<InstanceRecord | undefined> {
    const patience = AbortSignal.timeout(maxInspectMs);
    try {
      return await this.inspect(info.Id, {
        signal: signal === undefined ? patience : AbortSignal.any([signal, patience]),
      });
    } catch (error) {
      if (!patience.aborted || signal?.aborted) throw error;
      // Unless it does not respond to a ping either.
      const limit = AbortSignal.timeout(maxInspectMs);
      await this.#options.engine.call("answer", (docker) => docker.ping(), { signal: limit });
      const container = { id: info.Id, name: info.Names[0] ?? "", labels: info.Labels };
      const { own } = await this.#ownOf(container, { imageId: info.ImageID, signal: limit });
      return own === undefined ? undefined : silentRecord(info, { fleet: this.#options.fleet, own });
    }
  }

  async #find(id: string, options: RuntimeCallOptions) {
    const info = await this.#inspect(id, options);
    if (info === undefined || !isOwned(info.Config.Labels, this.#options.fleet)) return undefined;
    const container = { id: info.Id, name: info.Name, labels: info.Config.Labels };
    const { image, own } = await this.#ownOf(container, { imageId: info.Image, ...options });
    return own === undefined ? undefined : { info, image, own };
  }

  async #inspect(id: string, options: RuntimeCallOptions): Promise<Docker.ContainerInspectInfo | undefined> {
    const inspect = async (docker: Docker, abort: object) => {
      try {
        return await containerOf(docker, id).inspect(abort);
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    };
    return this.#options.engine.call(`inspect container ${id}`, inspect, options);
  }

  async #ownOf(
    container: { readonly id: string; readonly name: string; readonly labels: Labels },
    { imageId, ...options }: RuntimeCallOptions & { readonly imageId: string },
  ): Promise<{ image: ImageFacts; own: OwnLabels | undefined }> {
    const { images, fleet, log } = this.#options;
    const image = await images.facts(imageId, options);
    const { id, name, labels } = container;
    const own = ownLabels({ id, name: plainName(name), labels, imageLabels: image.labels }, fleet);
    if (!("stranger" in own)) {
      this.#ours.add(id);
      return { image, own };
    }
    if (!this.#told.has(id)) {
      this.#told.add(id);
      log.warn("left alone a container that has this fleet's labels, but was not made by a manager", {
        container: id.slice(0, 12),
        name: plainName(name),
        reason: own.stranger,
      });
    }
    return { image, own: undefined };
  }

  async #reasonToLeaveAlone(
    found: {
      readonly info: Docker.ContainerInspectInfo;
      readonly image: ImageFacts;
      readonly own: OwnLabels;
      readonly spec: ServerSpec;
    },
    options: RuntimeCallOptions,
  ): Promise<string | undefined> {
    const { info, image, own, spec } = found;
    const isNamed = info.Config.Image === spec.image;
    const isOfImage = isNamed || (await this.#options.images.lookUp(spec.image, options))?.id === info.Image;
    const sources = new Map(await Promise.all((spec.mounts ?? []).map(sourcesOf)));
    const isSource = (folder: string, asked = "") => sources.get(asked)?.includes(folder) ?? false;
    const { bindUsers = [], fleet, secretFiles } = this.#options;
    const ownNetwork = networkName(fleet, own);
    return reasonToLeaveAlone({
      info,
      spec,
      imageUser: image.user,
      imageVolumes: image.volumes,
      isOfImage,
      isSource,
      isSecretFolder: (folder) => secretFiles.has(folder),
      bindUsers,
      ownNetwork,
    });
  }
}

/**
 * The names that a bind's source may have in the container: the spec's, the resolved path, and the path in Docker
 * Desktop's virtual machine.
 */
async function sourcesOf({ source = "" }: { readonly source?: string }): Promise<[string, string[]]> {
  const real = await realpath(source).catch(() => source);
  return [source, [source, real, `/host_mnt${source}`, `/host_mnt${real}`]];
}
