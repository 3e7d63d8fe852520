import type { ContainerInspectInfo } from "dockerode";
import { ManagerError } from "../../base/errors/errors.ts";
import type { SecretValues } from "../../base/spec/secret-values.ts";
import type { ServerSpec } from "../../base/spec/spec.ts";
import { podmanCapabilities, type RuntimeCapabilities, runtimeCapabilities } from "../capabilities.ts";
import type { Protection } from "../protections.ts";
import type {
  Attachment,
  AttachmentSink,
  CreateRequest,
  HistoryLine,
  InstanceRecord,
  NewMark,
  Runtime,
  RuntimeCallOptions,
  WatchListener,
} from "../runtime.ts";
import { networkName } from "./containers/container-name.ts";
import { createContainer } from "./containers/create-container.ts";
import { Enforcement } from "./containers/enforcement.ts";
import { Instances } from "./containers/instances.ts";
import { markContainer } from "./containers/mark-container.ts";
import { checkOnPodman } from "./containers/podman-rules.ts";
import { runContainer } from "./containers/run-container.ts";
import type { DockerRuntimeOptions } from "./docker-runtime-options.ts";
import { Engine } from "./engine/engine.ts";
import { EngineFacts } from "./engine/engine-facts.ts";
import { askVersion, type EngineInfo } from "./engine/engine-info.ts";
import { EventStream } from "./engine/event-stream.ts";
import { label } from "./engine/labels.ts";
import { removeContainer } from "./engine/remove-container.ts";
import { stopContainer } from "./engine/stop-container.ts";
import { Turns } from "./engine/turns.ts";
import { ImageFiles } from "./files/image-files.ts";
import { ImageUsers } from "./files/image-users.ts";
import { Images } from "./images/images.ts";
import { BindUsers } from "./mounts/bind-users.ts";
import { boundSources } from "./mounts/bound-folders.ts";
import { resolveMounts } from "./mounts/mounts.ts";
import { Networks } from "./networks/networks.ts";
import { ownFleet } from "./owner/own-fleet.ts";
import { fileOwner, SecretFiles } from "./secret-files/secret-files.ts";
import { openAttachment } from "./stdio/attachment.ts";
import { readContainerHistory } from "./stdio/container-history.ts";

/** Of Linux, in memory. */
const defaultSecretsDir = "/run/mcpm";
/** Where there are no such numbers there is no engine of the same machine either. */
const uid = process.getuid?.() ?? 0;

/** The sentence for who runs the manager: what Podman can't do, and what helps. */
const podmanWarning =
  "the engine is Podman, which ends each server when the manager ends or loses its connection: the next manager starts all servers again, and what they had in memory is gone. Those with the restart policy NEVER stay down. Docker keeps them running: see docs/operations.md, Engines";

/** The runtime port on a Docker engine. Opens nothing until it is called. */
export function createDockerRuntime(options: DockerRuntimeOptions): Runtime {
  return new DockerRuntime(options);
}

class DockerRuntime implements Runtime {
  readonly kind = "docker";
  readonly #options: DockerRuntimeOptions;
  readonly #engine: Engine;
  readonly #facts: EngineFacts;
  readonly #enforcement: Enforcement;
  readonly #images: Images;
  readonly #instances: Instances;
  readonly #networks: Networks;
  readonly #users = new ImageUsers();
  readonly #bindUsers: BindUsers;
  readonly #imageFiles: ImageFiles;
  readonly #bindTurns = new Turns();
  readonly #secretFiles: SecretFiles;
  readonly #streams = new Set<EventStream>();
  #isPodmanTold = false;

  constructor(options: DockerRuntimeOptions) {
    this.#options = options;
    const { log, dockerConfigDir, registries = [], requireLimits = false, bindUsers = [] } = options;
    this.#engine = new Engine(options);
    this.#facts = new EngineFacts(this.#engine, { onKnown: (info) => this.#onKnown(info) });
    this.#enforcement = new Enforcement({ facts: this.#facts, log, requireLimits });
    this.#images = new Images({ engine: this.#engine, dockerConfigDir, registries, log });
    this.#networks = new Networks({ ...options, engine: this.#engine, subnets: options.subnets ?? [] });
    this.#bindUsers = new BindUsers(bindUsers, this.#users);
    this.#imageFiles = new ImageFiles(this.#engine);
    this.#secretFiles = new SecretFiles({
      dir: options.secretsDir ?? defaultSecretsDir,
      fleet: options.fleet,
      uid,
      log,
    });
    const parts = { engine: this.#engine, images: this.#images, secretFiles: this.#secretFiles };
    this.#instances = new Instances({ ...options, ...parts });
  }

  get capabilities(): RuntimeCapabilities {
    return this.#facts.last?.isPodman ? podmanCapabilities : runtimeCapabilities.docker;
  }

  async version(options: RuntimeCallOptions): Promise<string> {
    return this.#engine.call("tell its version", askVersion, options);
  }

  unenforced(options: RuntimeCallOptions): Promise<readonly Protection[]> {
    return this.#enforcement.unenforced(options);
  }

  async own(
    options: RuntimeCallOptions & { readonly onLost: (error: ManagerError) => void },
  ): Promise<AsyncDisposable> {
    const { fleet, log, now = Date.now } = this.#options;
    const onLost = (error: ManagerError) => {
      this.#engine.forbid(error);
      options.onLost(error);
    };
    return ownFleet({ ...options, engine: this.#engine, fleet, log, now, onLost });
  }

  async check(spec: ServerSpec, options: RuntimeCallOptions): Promise<void> {
    await this.#enforcement.checkEngine(options);
    await this.#checkSecretFiles(spec, options);
    await resolveMounts(spec.mounts, { ...this.#context, ...options });
    this.#bindUsers.check(spec);
    if (spec.mounts !== undefined && (await this.#facts.ask(options)).isPodman) checkOnPodman(spec);
  }

  async #checkSecretFiles(spec: ServerSpec, options: RuntimeCallOptions): Promise<void> {
    if (spec.secretFiles === undefined) return;
    const { mapsUsers } = await this.#facts.ask(options);
    this.#secretFiles.check(spec, { isRemote: this.#engine.address.kind === "remote", mapsUsers });
  }

  async putSecretFiles(id: string, values: SecretValues, options: RuntimeCallOptions): Promise<void> {
    let found: ContainerInspectInfo | undefined;
    const check = (info: ContainerInspectInfo) => {
      found = info;
    };
    const { spec } = (await this.#instances.inspect(id, { ...options, check })) ?? {};
    if (found === undefined || spec?.secretFiles === undefined) return;
    const owner = fileOwner(found.Config.Labels[label.fileOwner]);
    await this.#secretFiles.update(spec, { mounts: found.Mounts, values, owner });
  }

  async hasImage(spec: ServerSpec, options: RuntimeCallOptions): Promise<boolean> {
    return this.#images.has(spec.image, options);
  }

  async prepare(
    spec: ServerSpec,
    options: RuntimeCallOptions & { readonly onProgress?: (line: string) => void },
  ): Promise<string> {
    // Not in `check`: what the operator does not allow is told first.
    await this.#enforcement.checkCpus(spec, options);
    return this.#images.prepare(spec, options);
  }

  async create(request: CreateRequest, options: RuntimeCallOptions): Promise<InstanceRecord> {
    if (request.spec.network !== "bridge") return this.#create(request, options);
    const network = { name: networkName(this.#options.fleet, request), server: request.server };
    return this.#networks.during(network, () => this.#create(request, options), options);
  }

  async #create(request: CreateRequest, options: RuntimeCallOptions): Promise<InstanceRecord> {
    await this.#enforcement.checkEngine(options);
    await this.#checkSecretFiles(request.spec, options);
    const facts = await this.#facts.ask(options);
    if (facts.isPodman) checkOnPodman(request.spec);
    const created = await createContainer(request, { ...this.#context, ...this.#making, ...options, facts });
    const { id } = created;
    try {
      const check = (info: ContainerInspectInfo) => this.#enforcement.checkCreated(created, info);
      const record = await this.#instances.inspect(id, { ...options, check });
      if (record !== undefined) return record;
      throw new ManagerError("not_found", `the container of ${request.server} was removed as soon as it was created`, {
        details: { reason: "CONTAINER_REMOVED", delivery: "not_sent", server: request.server },
      });
    } catch (error) {
      // Nobody else knows of it yet; also when the caller left: the request to create can't be taken back.
      await this.#remove(id, {}).catch((reason: Error) => {
        this.#options.log.error("a container that nobody waits for can't be removed", { id, reason: reason.message });
      });
      throw error;
    }
  }

  async run(id: string, sink: AttachmentSink, options: RuntimeCallOptions): Promise<Attachment> {
    const { bindUsers = [] } = this.#options;
    const [context, enforcement, networks] = [this.#context, this.#enforcement, this.#networks];
    return runContainer(id, sink, { ...context, ...options, bindUsers, enforcement, networks });
  }

  async attach(id: string, sink: AttachmentSink, options: RuntimeCallOptions): Promise<Attachment> {
    return openAttachment(id, sink, { engine: this.#engine, ...options });
  }

  async stop(id: string, options: RuntimeCallOptions & { readonly graceMs: number }): Promise<void> {
    const unpauses = this.#facts.last?.isPodman ?? false;
    await stopContainer(id, { engine: this.#engine, ...options, unpauses });
  }

  async mark(id: string, mark: NewMark, options: RuntimeCallOptions): Promise<void> {
    const record = await this.inspect(id, options);
    if (record !== undefined) await markContainer(record, mark, { ...this.#context, ...options });
  }

  async remove(id: string, options: RuntimeCallOptions): Promise<void> {
    await this.#remove(id, options);
    await this.sweep(options).catch((error: Error) => {
      this.#options.log.debug("could not look for what nobody uses; the reaper does", { reason: error.message });
    });
  }

  async sweep(options: RuntimeCallOptions): Promise<void> {
    await this.#secretFiles.sweep(() => boundSources({ engine: this.#engine, ...options }));
    await this.#networks.sweep(options);
  }

  async #remove(id: string, options: RuntimeCallOptions): Promise<void> {
    // Checked here, whatever the caller assumed: a container that is not this fleet's is never removed.
    if (await this.#instances.isOurs(id, options)) await removeContainer(id, { engine: this.#engine, ...options });
  }

  async inspect(id: string, options: RuntimeCallOptions): Promise<InstanceRecord | undefined> {
    return this.#instances.inspect(id, options);
  }

  async list(options: RuntimeCallOptions): Promise<InstanceRecord[]> {
    return this.#instances.list(options);
  }

  history(id: string, options: RuntimeCallOptions & { readonly untilMs: number }): AsyncIterable<HistoryLine> {
    return readContainerHistory(id, { engine: this.#engine, ...options });
  }

  watch(listener: WatchListener): AsyncDisposable {
    const { fleet, log, now = Date.now } = this.#options;
    const stream = new EventStream({ engine: this.#engine, fleet, listener: this.#alsoTold(listener), log, now });
    this.#streams.add(stream);
    return stream;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#streams].map((stream) => stream[Symbol.asyncDispose]()));
    this.#engine.close();
  }

  #onKnown({ isPodman }: EngineInfo): void {
    const { log } = this.#options;
    this.#enforcement.tell();
    if (isPodman && !this.#isPodmanTold) log.warn(podmanWarning);
    this.#isPodmanTold = isPodman;
  }

  /** The engine that is back may be another one, and enforce more or less. */
  #engineBack(): void {
    this.#facts.engineBack();
    this.#enforcement.engineBack();
    this.#facts.ask({}).catch(({ message: reason }: Error) => {
      this.#options.log.debug("could not ask the engine about itself; asking at the next need", { reason });
    });
  }

  #alsoTold(listener: WatchListener): WatchListener {
    return {
      exit: (id, exit) => listener.exit(id, exit),
      outOfMemory: (id) => listener.outOfMemory(id),
      removed: (id) => listener.removed(id),
      changed: (id) => listener.changed(id),
      broken: () => listener.broken(),
      resync: () => {
        this.#engineBack();
        listener.resync();
      },
    };
  }

  get #context() {
    const { fleet, bindRoots, ownPlaces = () => [], secretsDir = defaultSecretsDir } = this.#options;
    const { address } = this.#engine;
    const own = [...ownPlaces(), secretsDir, ...(address.kind === "local" ? [address.socketPath] : [])];
    return { engine: this.#engine, fleet, bindRoots, ownPlaces: own, uid, secretFiles: this.#secretFiles };
  }

  /** What else creating a container needs. */
  get #making() {
    const { allowLabels = [], imageVolumes = "keep", log } = this.#options;
    const [users, bindUsers, imageFiles, bindTurns] = [this.#users, this.#bindUsers, this.#imageFiles, this.#bindTurns];
    return { images: this.#images, allowLabels, users, bindUsers, imageFiles, bindTurns, imageVolumes, log };
  }
}
