import { release, type } from "node:os";
import { abortedError } from "../../base/errors/aborted-error.ts";
import { ManagerError } from "../../base/errors/errors.ts";
import type { Log } from "../../base/log/log.ts";
import type { ServerSpec } from "../../base/spec/spec.ts";
import { runtimeCapabilities } from "../capabilities.ts";
import { type Protection, protections, requireLimits } from "../protections.ts";
import type {
  Attachment,
  AttachmentSink,
  CreateRequest,
  InstanceExit,
  InstanceRecord,
  NewMark,
  Runtime,
  RuntimeCallOptions,
  WatchListener,
} from "../runtime.ts";
import { ProcessInstance } from "./process-instance.ts";
import { checkSpec } from "./spec-rules.ts";

/** How long servers may take to end when the manager ends. */
const disposeGraceMs = 2_000;

export interface ProcessRuntimeOptions {
  /** Environment of a server besides its spec's: PATH and HOME. */
  readonly baseEnv: Readonly<Record<string, string>>;
  readonly log: Log;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
  readonly newId: () => string;
  /** Whether servers are started only where their limits are enforced, which is never here. Default: no. */
  readonly requireLimits?: boolean | undefined;
}

/**
 * The runtime port on child processes of the manager, for development without an engine: no sandbox, no limits, no
 * image. The manager's memory is the only store: instances end with it, and the next manager finds none.
 */
export function createProcessRuntime(options: ProcessRuntimeOptions): Runtime {
  options.log.warn(
    "MCPM_RUNTIME=process: servers are plain processes of this user, without a sandbox or limits, and anyone " +
      "who reaches the port can run any command; for development only",
  );
  return new ProcessRuntime(options);
}

class ProcessRuntime implements Runtime {
  readonly kind = "process";
  readonly capabilities = runtimeCapabilities.process;
  readonly #options: ProcessRuntimeOptions;
  readonly #instances = new Map<string, ProcessInstance>();
  readonly #listeners = new Set<WatchListener>();

  constructor(options: ProcessRuntimeOptions) {
    this.#options = options;
  }

  /** The engine is the operating system. */
  async version({ signal }: RuntimeCallOptions): Promise<string> {
    throwIfAborted(signal);
    return `${type()} ${release()}`;
  }

  /** Nothing is. */
  async unenforced({ signal }: RuntimeCallOptions): Promise<readonly Protection[]> {
    throwIfAborted(signal);
    return protections;
  }

  /** Nobody else sees this manager's processes. */
  async own({ signal }: RuntimeCallOptions): Promise<AsyncDisposable> {
    throwIfAborted(signal);
    return { [Symbol.asyncDispose]: async () => {} };
  }

  async check(spec: ServerSpec, { signal }: RuntimeCallOptions): Promise<void> {
    throwIfAborted(signal);
    if (this.#options.requireLimits) requireLimits(protections, { why: "a process has none; use MCPM_RUNTIME=docker" });
    await checkSpec(spec);
  }

  async hasImage(_spec: ServerSpec, { signal }: RuntimeCallOptions): Promise<boolean> {
    throwIfAborted(signal);
    return true;
  }

  /** There is no image, and so no id. */
  async prepare(_spec: ServerSpec, { signal }: RuntimeCallOptions): Promise<string> {
    throwIfAborted(signal);
    return "";
  }

  async create(request: CreateRequest, options: RuntimeCallOptions): Promise<InstanceRecord> {
    await this.check(request.spec, options);
    throwIfAborted(options.signal);
    const { server, replica, replaces } = request;
    for (const { record } of this.#instances.values()) {
      const sameName = record.server === server && record.replica === replica && record.mark !== "stopping";
      if (sameName && record.id !== replaces) throw nameTaken(server);
    }
    const { baseEnv, now, newId } = this.#options;
    const id = newId();
    const onExit = (exit: InstanceExit) => {
      for (const listener of this.#listeners) listener.exit(id, exit);
    };
    const instance = new ProcessInstance({ id, request, baseEnv, now, onExit });
    this.#instances.set(id, instance);
    return instance.record;
  }

  /** A spec that names some is refused. */
  async putSecretFiles(): Promise<void> {}

  async run(id: string, sink: AttachmentSink, { signal }: RuntimeCallOptions): Promise<Attachment> {
    throwIfAborted(signal);
    const instance = this.#find(id);
    const attachment = instance.attach(sink);
    try {
      await instance.start();
    } catch (error) {
      attachment.close();
      throw error;
    }
    this.#options.log.info("a server's process runs", { server: instance.record.server, pid: instance.pid });
    return attachment;
  }

  async attach(id: string, sink: AttachmentSink, { signal }: RuntimeCallOptions): Promise<Attachment> {
    throwIfAborted(signal);
    return this.#find(id).attach(sink);
  }

  async stop(id: string, options: RuntimeCallOptions & { readonly graceMs: number }): Promise<void> {
    throwIfAborted(options.signal);
    await this.#instances.get(id)?.stop(options);
  }

  /** Nobody could finish what a mark says; but a Stop frees the name. */
  async mark(id: string, mark: NewMark, { signal }: RuntimeCallOptions): Promise<void> {
    throwIfAborted(signal);
    if (mark === "stopping") this.#instances.get(id)?.markStopping();
  }

  async remove(id: string, options: RuntimeCallOptions): Promise<void> {
    await this.stop(id, { ...options, graceMs: 0 });
    const instance = this.#instances.get(id);
    if (instance === undefined) return;
    this.#instances.delete(id);
    instance.endWaiting();
    for (const listener of this.#listeners) listener.removed(id);
  }

  async sweep(): Promise<void> {
    // Processes leave nothing behind.
  }

  async inspect(id: string, { signal }: RuntimeCallOptions): Promise<InstanceRecord | undefined> {
    throwIfAborted(signal);
    return this.#instances.get(id)?.record;
  }

  async list({ signal }: RuntimeCallOptions): Promise<InstanceRecord[]> {
    throwIfAborted(signal);
    return [...this.#instances.values()].map(({ record }) => record);
  }

  /** What a process wrote before is kept nowhere. */
  async *history(): AsyncGenerator<never> {}

  /** Nothing can break between a process and its parent: `resync` never comes. */
  watch(listener: WatchListener): AsyncDisposable {
    this.#listeners.add(listener);
    return {
      [Symbol.asyncDispose]: async () => {
        this.#listeners.delete(listener);
      },
    };
  }

  /** Ends every server: nobody could take them over. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#instances.values()].map((instance) => instance.stop({ graceMs: disposeGraceMs })));
    for (const instance of this.#instances.values()) instance.endWaiting();
    this.#instances.clear();
  }

  #find(id: string): ProcessInstance {
    const instance = this.#instances.get(id);
    if (instance !== undefined) return instance;
    throw new ManagerError("not_found", `there is no process instance ${id}: it was removed`, {
      details: { reason: "CONTAINER_REMOVED", delivery: "not_sent" },
    });
  }
}

function nameTaken(server: string): ManagerError {
  return new ManagerError("conflict", `an instance of server ${server} exists already`, {
    details: { reason: "NAME_TAKEN", server, delivery: "not_sent" },
  });
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortedError(signal.reason, "the process runtime");
}
