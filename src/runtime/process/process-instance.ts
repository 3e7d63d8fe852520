import type {
  AttachmentSink,
  CreateRequest,
  InstanceExit,
  InstanceMark,
  InstanceRecord,
  RuntimeCallOptions,
} from "../runtime.ts";
import { ProcessAttachment } from "./attachment.ts";
import { ProcessRun } from "./process-run.ts";
import { spawnServer } from "./spawn-server.ts";
import { stopRun } from "./stop-run.ts";

export interface ProcessInstanceOptions {
  readonly id: string;
  readonly request: CreateRequest;
  readonly baseEnv: Readonly<Record<string, string>>;
  /** Wall clock in milliseconds. */
  readonly now: () => number;
  readonly onExit: (exit: InstanceExit) => void;
}

type State =
  | { readonly kind: "created" }
  | { readonly kind: "running"; readonly run: ProcessRun; readonly startTimeMs: number }
  | { readonly kind: "exited"; readonly exit: InstanceExit; readonly startTimeMs: number };

/** One instance; it outlives its process: exited, it can be started again. */
export class ProcessInstance {
  readonly #options: ProcessInstanceOptions;
  readonly #createTimeMs: number;
  /** Attached before the start of the next run. */
  readonly #waiting = new Set<ProcessAttachment>();
  #state: State = { kind: "created" };
  #mark: InstanceMark = "none";

  constructor(options: ProcessInstanceOptions) {
    this.#options = options;
    this.#createTimeMs = options.now();
  }

  get record(): InstanceRecord {
    const { id, request } = this.#options;
    const state = this.#state;
    return {
      id,
      ...request,
      state: state.kind,
      mark: this.#mark,
      usability: { kind: "usable" },
      // There is no image.
      imageId: "",
      imageDigest: "",
      createTimeMs: this.#createTimeMs,
      // Whatever its user can write to is its own affair.
      keepsData: false,
      ...(state.kind === "created" ? {} : { startTimeMs: state.startTimeMs }),
      ...(state.kind === "exited" ? { exit: state.exit } : {}),
    };
  }

  /** Process id while it runs. */
  get pid(): number | undefined {
    return this.#state.kind === "running" ? this.#state.run.pid : undefined;
  }

  attach(sink: AttachmentSink): ProcessAttachment {
    const attachment = new ProcessAttachment(sink);
    if (this.#state.kind === "running") this.#state.run.attach(attachment);
    else this.#waiting.add(attachment);
    return attachment;
  }

  /** Nothing to do when it runs. Throws `not_running` (START_REFUSED). */
  async start(): Promise<void> {
    if (this.#state.kind === "running") return;
    const { request, baseEnv, now, onExit } = this.#options;
    const spawning = spawnServer({ ...request, baseEnv });
    const spawned = spawning instanceof Promise ? await spawning : spawning;
    const startTimeMs = now();
    const run = new ProcessRun(spawned, this.#waiting);
    this.#waiting.clear();
    this.#state = { kind: "running", run, startTimeMs };
    void run.exited.then((exit) => {
      this.#state = { kind: "exited", exit, startTimeMs };
      onExit(exit);
    });
  }

  async stop(options: RuntimeCallOptions & { readonly graceMs: number }): Promise<void> {
    if (this.#state.kind === "running") await stopRun(this.#state.run, options);
  }

  markStopping(): void {
    this.#mark = "stopping";
  }

  /** Its record is removed: it can't be started any more. */
  endWaiting(): void {
    for (const attachment of this.#waiting) attachment.end();
    this.#waiting.clear();
  }
}
