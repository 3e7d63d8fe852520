import type Docker from "dockerode";
import type { InstanceRecord, RuntimeCallOptions } from "../runtime.ts";
import type { Engine } from "./engine.ts";
import { statusOf } from "./engine-error.ts";
import type { Images } from "./images.ts";
import { instanceRecord, silentRecord } from "./instance-record.ts";
import { isOwned, ownerFilter } from "./labels.ts";

/** Inspections at a time: enough to keep the engine busy, without a socket for each container. */
const parallelInspections = 8;
/** While a stalled `docker attach` holds up a container that was killed, the engine does not answer for it. */
const maxInspectMs = 10_000;

/** This fleet's containers as records. */
export class Instances {
  readonly #engine: Engine;
  readonly #images: Images;
  readonly #fleet: string;

  constructor(options: { readonly engine: Engine; readonly images: Images; readonly fleet: string }) {
    this.#engine = options.engine;
    this.#images = options.images;
    this.#fleet = options.fleet;
  }

  /** Undefined when the container is gone, is being removed, or is not this fleet's. */
  async inspect(id: string, options: RuntimeCallOptions): Promise<InstanceRecord | undefined> {
    const info = await this.#engine.call(
      `inspect container ${id}`,
      async (docker, abort): Promise<Docker.ContainerInspectInfo | undefined> => {
        try {
          return await docker.getContainer(id).inspect(abort);
        } catch (error) {
          if (statusOf(error) === 404) return undefined;
          throw error;
        }
      },
      options,
    );
    if (info === undefined || !isOwned(info.Config.Labels, this.#fleet)) return undefined;
    const imageDigest = await this.#images.digest(info.Image, options);
    return instanceRecord(info, { fleet: this.#fleet, imageDigest });
  }

  async list(options: RuntimeCallOptions): Promise<InstanceRecord[]> {
    const containers = await this.#engine.call(
      "list containers",
      (docker, abort) => docker.listContainers({ all: true, filters: { label: ownerFilter(this.#fleet) }, ...abort }),
      options,
    );
    const records: (InstanceRecord | undefined)[] = [];
    // One iterator for all workers: each takes the next container.
    const queue = containers.entries();
    const work = async () => {
      for (const [index, container] of queue) records[index] = await this.#recordOf(container, options);
    };
    await Promise.all(Array.from({ length: parallelInspections }, work));
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
      // Unless it answers nothing at all.
      await this.#engine.call("answer", (docker) => docker.ping(), { signal: AbortSignal.timeout(maxInspectMs) });
      return silentRecord(info, this.#fleet);
    }
  }
}
