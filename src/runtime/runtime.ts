import type { ManagerError } from "../base/errors/errors.ts";
import type { SecretValues } from "../base/spec/secret-values.ts";
import type { Era, ServerSpec } from "../base/spec/spec.ts";
import type { RuntimeCapabilities, RuntimeKind } from "./capabilities.ts";
import type { Protection } from "./protections.ts";

/**
 * The port to what runs instances and opens their stdio. Every method throws ManagerError; `signal` ends the wait for a
 * response. The engine behind it is the only store: what exists is what `list` gives. `test/runtime/contract.ts` tests
 * every promise made here on each runtime.
 */
export interface Runtime extends AsyncDisposable {
  readonly kind: RuntimeKind;

  /** What this kind can do: the same object as in `runtimeCapabilities`. */
  readonly capabilities: RuntimeCapabilities;

  /**
   * Version of the engine; for `process` the operating system. Throws `unavailable` (ENGINE_UNAVAILABLE) when it does
   * not answer.
   */
  version(options: RuntimeCallOptions): Promise<string>;

  /**
   * The protections that servers are promised and that the engine does not enforce, or does not report; empty: it
   * enforces all. The engine is asked once, and again after it was away; a change is logged. Limits that new containers
   * lack although they were asked for are among them. Throws `unavailable` (ENGINE_UNAVAILABLE).
   */
  unenforced(options: RuntimeCallOptions): Promise<readonly Protection[]>;

  /**
   * Makes this manager the one owner of the fleet, until disposed; to be called before anything that touches instances.
   * Throws `conflict` (FLEET_OWNED) that names the holder when another manager has it. `onLost` is called at most once:
   * another manager took the fleet over, because this one was stopped or cut off for so long that it seemed dead. Every
   * request to the engine fails from then on.
   */
  own(options: RuntimeCallOptions & { readonly onLost: (error: ManagerError) => void }): Promise<AsyncDisposable>;

  /**
   * Refuses (`denied`, `invalid`) what the operator does not allow or the engine can't do, before anything is pulled or
   * created: a field that can't be honoured is named, never ignored. Throws `not_running` (NOT_ENFORCED) when limits
   * are required (`MCPM_REQUIRE_LIMITS`) and not enforced. Returns nothing; `create` applies the same rules again.
   */
  check(spec: ServerSpec, options: RuntimeCallOptions): Promise<void>;

  /** Whether the engine has the image of this spec already; tells whether `prepare` will have to pull. */
  hasImage(spec: ServerSpec, options: RuntimeCallOptions): Promise<boolean>;

  /**
   * Makes the image available by the spec's pull policy, and gives its id, as records have it. Throws `denied`, before
   * any request is made, when it would have to be pulled from a registry that the operator does not allow, and
   * `not_found` (IMAGE_UNAVAILABLE) when it can't be had.
   */
  prepare(
    spec: ServerSpec,
    options: RuntimeCallOptions & { readonly onProgress?: (line: string) => void },
  ): Promise<string>;

  /**
   * Creates the instance, not started, and names it; one that replaces another is marked as `replacing`, and gets the
   * name with `mark` as `none`. Throws `conflict` (NAME_TAKEN) when the name is in use; one that is being removed is
   * waited for, since for `inspect` and `list` it is gone. Throws `not_running` (NOT_ENFORCED), and leaves nothing,
   * when the engine made its sandbox weaker than it was asked to, or without limits that are required.
   */
  create(request: CreateRequest, options: RuntimeCallOptions): Promise<InstanceRecord>;

  /**
   * Puts the values of its `secretFiles` in place, whether it runs or not, and makes what is gone again: a machine that
   * starts anew has nothing in memory. Nothing to do when it has none, or is gone. Throws `denied` as `create`.
   */
  putSecretFiles(id: string, values: SecretValues, options: RuntimeCallOptions): Promise<void>;

  /**
   * Starts a created or exited instance with its stdio open, as `attach` opens it: no byte that it writes is lost.
   * Nothing is started when it runs. When the start fails, the attachment is closed. Throws what `attach` throws, and
   * `not_running` (START_REFUSED; NOT_ENFORCED when limits are required and it has not all of them). Bytes may come
   * before it returns.
   */
  run(id: string, sink: AttachmentSink, options: RuntimeCallOptions): Promise<Attachment>;

  /**
   * Opens stdin, stdout and stderr of an instance, to take it over. Bytes go to `sink` until its `end`, which comes
   * exactly once, however the attachment ended. An instance that does not run gives neither bytes nor `end` until it
   * runs: look at its state afterwards, and `close`.
   */
  attach(id: string, sink: AttachmentSink, options: RuntimeCallOptions): Promise<Attachment>;

  /**
   * Asks the instance to end (EOF on stdin where that comes first; the stop signal of its image, or SIGTERM), waits up
   * to `graceMs` in all, then sends SIGKILL. Zero kills at once. Returns when the instance has exited or is gone, with
   * whatever it forked.
   */
  stop(id: string, options: RuntimeCallOptions & { readonly graceMs: number }): Promise<void>;

  /**
   * Notes what is under way with an instance, so that a manager that boots finishes it. `stopping` frees the server's
   * name. `none` says that a Restart or a replacement is over, and gives the instance the server's name, unless another
   * one has it still. Without adoption only `stopping` is noted. Nothing to do when it is so already, or the instance
   * is gone.
   */
  mark(id: string, mark: NewMark, options: RuntimeCallOptions): Promise<void>;

  /**
   * Removes an instance with its anonymous volumes, killing it if it runs. Not an error when it is gone. What is not
   * this fleet's is not touched.
   */
  remove(id: string, options: RuntimeCallOptions): Promise<void>;

  /**
   * Removes networks and files of secrets of this fleet's instances that nobody uses any more. Volumes stay, since servers keep their data
   * there.
   */
  sweep(options: RuntimeCallOptions): Promise<void>;

  /** The instance as it is now, or undefined when it is gone. */
  inspect(id: string, options: RuntimeCallOptions): Promise<InstanceRecord | undefined>;

  /** All instances of this fleet, whatever their state. */
  list(options: RuntimeCallOptions): Promise<InstanceRecord[]>;

  /**
   * The lines that an instance wrote before `untilMs`, oldest first, read from the engine's log once. Empty where the
   * runtime keeps none. A line is only good until the next.
   */
  history(id: string, options: RuntimeCallOptions & { readonly untilMs: number }): AsyncIterable<HistoryLine>;

  /**
   * Tells of exits of this fleet's instances until disposed. A break of the engine's event stream is mended by the
   * runtime itself and reported as `resync`, after which the caller lists again: events may have been missed.
   */
  watch(listener: WatchListener): AsyncDisposable;

  /** Lets go of the engine: instances stay, but end where nobody could take them over (no adoption). */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A line of an instance's output, without its line break. */
export interface HistoryLine {
  readonly stream: "stdout" | "stderr";
  readonly timeMs: number;
  readonly line: Buffer;
  /** Whether the line was longer than what is given of it. */
  readonly truncated: boolean;
}

export interface RuntimeCallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface CreateRequest {
  /** The server's name. */
  readonly server: string;
  /** Identity of the instance, stable over restarts. */
  readonly instance: string;
  /** The instance's number in its server: 0 is the first. */
  readonly replica: number;
  readonly spec: ServerSpec;
  /** The generation of MCP that it is known to speak. Absent: to be found out. */
  readonly era?: Era;
  /** The engine's id of the instance whose place it takes, which exists until this one is known to answer. */
  readonly replaces?: string;
  /** What the spec's `secrets` and `secretFiles` name. Absent: they name none. */
  readonly secrets?: SecretValues | undefined;
}

/** An instance as the engine knows it. */
export interface InstanceRecord {
  /** The engine's id: for docker the container's 64 hexadecimal digits, for process a UUID of the manager's. */
  readonly id: string;
  readonly server: string;
  readonly instance: string;
  readonly replica: number;
  /** The spec as the user gave it, env values included; undefined when it can't be read: `usability` says why. */
  readonly spec: ServerSpec | undefined;
  /** As in its CreateRequest. */
  readonly era?: Era;
  /** As in its CreateRequest; whether that instance is still there, `list` says. */
  readonly replaces?: string;
  /**
   * What its variables of `spec.secrets` were given when it was created, to compare with what they would be given now
   * (`changedSecrets`). Absent: the spec names none, or can't be read.
   */
  readonly secrets?: SecretValues | undefined;
  readonly state: "created" | "running" | "paused" | "exited";
  readonly mark: InstanceMark;
  readonly usability: Usability;
  /**
   * Why a manager neither takes it over nor removes it unasked although its labels are this fleet's, as the end of "its
   * container …": its sandbox is weaker than its spec asks for, or it has another server's name. Undefined: it is as a
   * manager makes it. An instance that was taken over before goes on being used.
   */
  readonly leaveAlone?: string;
  /** Empty where there are no images (`process`). */
  readonly imageId: string;
  /** The image's digest in its registry; empty for an image built here. */
  readonly imageDigest: string;
  readonly createTimeMs: number;
  readonly startTimeMs?: number;
  readonly exit?: InstanceExit;
}

/** What is under way with an instance. */
export type InstanceMark =
  | "none"
  /** A Stop: finish the removal. */
  | "stopping"
  /** A Restart: finish it. */
  | "restarting"
  /** It was made to take another's place, and has not got its name yet. */
  | "replacing";

/** What `mark` notes; `replacing` is noted by `create`. */
export type NewMark = Exclude<InstanceMark, "replacing">;

/** Whether a manager can go on with an instance; if not, the first reason why. */
export type Usability =
  | { readonly kind: "usable" }
  /**
   * The engine lists it and does not answer for it: the state is the listing's, and nothing can be done with it now.
   */
  | { readonly kind: "silent"; readonly why: string }
  /** Its spec can't be read: another version of the manager made it. */
  | { readonly kind: "unreadable"; readonly why: string }
  /** Its stdio is a terminal, which mixes the streams and changes bytes: no manager made it so. */
  | { readonly kind: "terminal" }
  /**
   * An older manager made it in a way that no manager does any more. It can be taken over while it runs; instead of
   * starting it, it is replaced.
   */
  | { readonly kind: "outdated" };

export interface InstanceExit {
  /** 128 and the signal's number when a signal ended it. */
  readonly exitCode?: number;
  /** Whether the kernel ended the main process for lack of memory, as far as the engine knows. */
  readonly oomKilled: boolean;
}

/** The open stdio of an instance. */
export interface Attachment {
  /**
   * Writes to stdin. False: the instance reads slower than this; write again after the sink's `drain`. A write after
   * the end is dropped.
   */
  write(chunk: Uint8Array): boolean;

  /** Lets go of the streams without touching the instance. The sink's `end` follows. Idempotent. */
  close(): void;
}

/** Receives what comes out of an attachment. Chunks are the callee's to keep. */
export interface AttachmentSink {
  stdout(chunk: Buffer): void;
  stderr(chunk: Buffer): void;
  /** Stdin takes bytes again. */
  drain(): void;
  /** Nothing comes any more: the instance exited, the engine went away, or `close` was called. */
  end(error?: Error): void;
}

export interface WatchListener {
  /** The main process of an instance exited. */
  exit(id: string, exit: InstanceExit): void;
  /**
   * The kernel ended a process of an instance for lack of memory. The instance goes on, unless that was the main process:
   * then `exit` says so.
   */
  outOfMemory(id: string): void;
  /** The instance was removed. */
  removed(id: string): void;
  /** The instance was started, paused or unpaused, perhaps by somebody else: look. */
  changed(id: string): void;
  /** The event stream broke: nothing is told until `resync`. */
  broken(): void;
  /** The event stream is open again: list and compare. */
  resync(): void;
}
