import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { constants } from "node:os";
import { readPaced } from "../../base/async/paced-read.ts";
import { within } from "../../base/async/within.ts";
import type { InstanceExit } from "../runtime.ts";
import type { ProcessAttachment } from "./attachment.ts";
import type { Spawned } from "./spawn-server.ts";

/** How long after the exit output may still come, if a process that left the group holds the pipes. */
const lingerMs = 250;

/** One run of an instance: a process, the group that it leads, its pipes and its attachments. */
export class ProcessRun {
  readonly pid: number;
  /** Resolves when the process has exited; its last output may still be under way. */
  readonly exited: Promise<InstanceExit>;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #attachments = new Set<ProcessAttachment>();

  constructor({ child, pid }: Spawned, attachments: Iterable<ProcessAttachment>) {
    this.#child = child;
    this.pid = pid;
    this.exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => resolve({ exitCode: exitCodeOf(code, signal), oomKilled: false }));
    });
    const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
    child.once("exit", () => {
      // The processes that it forked hold its pipes, but the conversation is over.
      signalGroup(pid, "SIGKILL");
      void within(lingerMs, closed).then(() => this.#endOutput());
    });
    // A pipe whose other end is gone; the exit tells why.
    for (const stream of [child, child.stdin, child.stdout, child.stderr]) stream.on("error", () => {});
    // Read even when nobody is attached: a server must not stand still because its pipe is full.
    readPaced(child.stdout, (chunk) => this.#each((attachment) => attachment.stdout(chunk)));
    readPaced(child.stderr, (chunk) => this.#each((attachment) => attachment.stderr(chunk)));
    child.stdin.on("drain", () => this.#each((attachment) => attachment.drain()));
    for (const attachment of attachments) this.attach(attachment);
  }

  attach(attachment: ProcessAttachment): void {
    this.#attachments.add(attachment);
    attachment.open(this.#child.stdin);
  }

  /** Half-closes stdin, after what is written already: the end of the conversation, by MCP. */
  endInput(): void {
    this.#child.stdin.end();
  }

  /** To the whole group. Nothing when the process has exited: its id may be another's by now. */
  signal(signal: NodeJS.Signals): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) signalGroup(this.pid, signal);
  }

  #each(tell: (attachment: ProcessAttachment) => void): void {
    for (const attachment of this.#attachments) {
      if (attachment.isEnded) this.#attachments.delete(attachment);
      else tell(attachment);
    }
  }

  #endOutput(): void {
    this.#child.stdout.destroy();
    this.#child.stderr.destroy();
    this.#each((attachment) => attachment.end());
  }
}

/** As a shell and an engine tell it: a process that a signal ended has 128 and the signal's number. */
function exitCodeOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

/**
 * Signals every process of a group: what a server forked must not outlive it. A child that made a session of its own
 * (`setsid`) has left the group and is out of reach. Nothing happens when no process is left.
 */
function signalGroup(leaderPid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leaderPid, signal);
  } catch (error) {
    // macOS says EPERM of a group that has only zombies left.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}
