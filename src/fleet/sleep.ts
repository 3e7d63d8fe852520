import type { ManagerError } from "../errors.ts";
import type { InstanceContext } from "./instance-context.ts";
import type { InstanceStatus } from "./instance-status.ts";
import { stopIdle } from "./stop-idle.ts";

/** Puts an instance to sleep that nobody calls: its container is stopped, and stays. */
export class Sleep {
  readonly #context: InstanceContext;
  readonly #status: InstanceStatus;
  #stop: { readonly done: Promise<void>; readonly abort: AbortController } | undefined;

  constructor(context: InstanceContext, status: InstanceStatus) {
    this.#context = context;
    this.#status = status;
  }

  /** The stop under way, if there is one; it does not reject. */
  get stopping(): Promise<void> | undefined {
    return this.#stop?.done;
  }

  /** Does nothing unless the instance is ready. */
  begin(): void {
    const { state, record } = this.#status;
    if (state.kind !== "ready" || record === undefined) return;
    this.#status.enter({ kind: "idle" }, "stopped because nobody called");
    const abort = new AbortController();
    const stopped = stopIdle(state.run, { ...this.#context, id: record.id, signal: abort.signal });
    const done = stopped.then((after) => {
      if (after !== undefined) this.#status.hold(after);
      this.#stop = undefined;
      this.#context.onChange();
    });
    this.#stop = { done, abort };
  }

  /** A stop under way is given up. */
  async cancel(why: ManagerError): Promise<void> {
    this.#stop?.abort.abort(why);
    await this.#stop?.done;
  }
}
