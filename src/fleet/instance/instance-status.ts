import type { ManagerError } from "../../base/errors/errors.ts";
import type { Conversation } from "../../mcp/conversation/handshake.ts";
import type { McpInfo } from "../../mcp/protocol/mcp-info.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";
import { Downtime } from "../run/downtime.ts";
import { type HealthWatch, watchHealth } from "../run/health.ts";
import type { InstanceContext } from "../run/instance-context.ts";
import type { LiveSession } from "../state/live-session.ts";
import { gaveUp } from "../state/server-failure.ts";
import type { InstanceSnapshot } from "../state/server-snapshot.ts";
import { EarlyEnd } from "./early-end.ts";
import { type InstanceState, transition } from "./instance-state.ts";
import type { Launched } from "./launch-context.ts";

/**
 * How an instance stands: its state, its container, the conversation with its process, and why it was last down. Every
 * change of state is written into its log and told.
 */
export class InstanceStatus {
  readonly downtime: Downtime;
  readonly early: EarlyEnd;
  readonly #context: InstanceContext;
  #state: InstanceState = { kind: "creating" };
  #record: InstanceRecord | undefined;
  /** The process that the last handshake was with: in this conversation for as long as it lives. */
  #greeted: { readonly record: InstanceRecord; readonly conversation: Conversation } | undefined;
  #restartCount = 0;
  #health: HealthWatch | undefined;

  /** `onDue`: it is time to start it again. */
  constructor(context: InstanceContext, { onDue }: { readonly onDue: () => void }) {
    this.#context = context;
    this.early = new EarlyEnd(context);
    this.downtime = new Downtime(context.spec.restart, { clocks: context.services.clocks, onDue });
  }

  get state(): InstanceState {
    return this.#state;
  }

  /** Its container; undefined: it has none. */
  get record(): InstanceRecord | undefined {
    return this.#record;
  }

  get mcp(): McpInfo | undefined {
    return this.#greeted?.conversation.info;
  }

  /** Its session, while it is ready. */
  get live(): LiveSession | undefined {
    if (this.#state.kind !== "ready") return undefined;
    return { session: this.#state.run.session, instance: this.#record?.instance ?? "" };
  }

  get restartCount(): number {
    return this.#restartCount;
  }

  /** Undefined before there is a container. */
  snapshot({ callsInFlight }: { callsInFlight: number }): InstanceSnapshot | undefined {
    if (this.#record === undefined) return undefined;
    return { record: this.#record, state: this.#state.kind, callsInFlight, health: this.#health?.snapshot() };
  }

  /** The conversation that this very process is in already. */
  conversationWith({ id, startTimeMs }: InstanceRecord): Conversation | undefined {
    const { record, conversation } = this.#greeted ?? {};
    return record?.id === id && record.startTimeMs === startTimeMs ? conversation : undefined;
  }

  /** This is its container now. */
  hold(record: InstanceRecord | undefined): void {
    this.#record = record;
  }

  countRestart(): void {
    this.#restartCount += 1;
  }

  enter(state: InstanceState, message: string): void {
    this.#state = transition(this.#state, state);
    if (state.kind !== "ready") this.#health?.stop();
    const { ring, onChange } = this.#context.server;
    ring.append(this.#record?.instance ?? "", { kind: "lifecycle", state: state.kind, message });
    onChange();
  }

  /** The kernel ended a process of it for lack of memory: if that was the main one, its exit tells. */
  outOfMemory(): void {
    const { ring } = this.#context.server;
    ring.countOomKill();
    const message = "the kernel ended a process of it for lack of memory (limits.memory_bytes)";
    ring.append(this.#record?.instance ?? "", { kind: "lifecycle", state: this.#state.kind, message });
  }

  /** It came up. */
  ready({ run, record, conversation }: Launched): void {
    this.#record = record;
    this.#greeted = { record, conversation };
    this.early.ready();
    this.downtime.end();
    this.#health = watchHealth(run, { instance: this.#context, record: () => this.#record });
    this.enter({ kind: "ready", run }, readyMessage(conversation));
  }

  /** It went down by itself, perhaps together with the engine: what the restart policy makes of it. */
  down(error: ManagerError, options: { withEngine?: boolean } = {}): void {
    if (this.early.isIdleStop(error)) {
      this.enter({ kind: "idle" }, "stopped");
      return;
    }
    // Where a server ends with its connection, an end with code 0 need not be its own wish either.
    const { detaching } = this.#context.services.runtime.capabilities;
    const plan = this.downtime.begin(error, { withEngine: options.withEngine || !detaching });
    if (plan.kind === "stay_down") this.fail(error);
    else if (plan.kind === "give_up") this.fail(gaveUp(error, plan.restarts));
    else this.#backOff(error, plan.delayMs);
  }

  /** It is down and stays so, until somebody starts it or the engine is back. */
  fail(error: ManagerError): void {
    this.downtime.note(error);
    this.enter({ kind: "failed" }, error.message);
    if (this.downtime.isEngines) this.#context.services.onEngineSilent();
  }

  /** Nothing happens by itself any more. */
  calm(): void {
    this.downtime.cancel();
    this.#health?.stop();
  }

  #backOff(error: ManagerError, delayMs: number): void {
    const message = `${error.message}; starting it again in ${delayMs} ms`;
    const untilMs = this.#context.services.clocks.now() + delayMs;
    this.enter({ kind: "backing_off", untilMs }, message);
  }
}

function readyMessage({ codec, info }: Conversation): string {
  return info === undefined ? `ready (${codec.era} era)` : `ready: ${info.serverName} ${info.serverVersion}`;
}
