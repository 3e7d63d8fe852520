import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ConnectionLimits } from "../../src/jsonrpc/connection-limits.ts";
import type { LogMessage } from "../../src/mcp/features/logging/log-message.ts";
import { Session, type SessionListener } from "../../src/mcp/session.ts";
import type { Attachment, AttachmentSink } from "../../src/runtime/runtime.ts";

/** What a session told its owner. */
export interface Heard {
  readonly stderr: string[];
  readonly stray: string[];
  readonly logs: LogMessage[];
  readonly remarks: string[];
  readonly lateReplies: { count: number };
  /** Resolves when the attachment ended. */
  readonly ended: Promise<void>;
}

export interface ChildSession extends AsyncDisposable {
  readonly session: Session;
  readonly heard: Heard;
  kill(signal: NodeJS.Signals): void;
}

/** A session over the pipes of a real MCP server, run as a child process; killed when disposed. */
export function openChildSession(
  command: readonly string[],
  { firstId = 1, ...limits }: Partial<ConnectionLimits> & { readonly firstId?: number } = {},
): ChildSession {
  const heard = {
    stderr: [] as string[],
    stray: [] as string[],
    logs: [] as LogMessage[],
    remarks: [] as string[],
    lateReplies: { count: 0 },
  };
  const ended = Promise.withResolvers<void>();
  const listener: SessionListener = {
    stderr: (chunk) => heard.stderr.push(chunk.toString()),
    strayLine: (line) => heard.stray.push(line.toString()),
    logMessage: (entry) => heard.logs.push(entry),
    unclaimedReply: () => heard.lateReplies.count++,
    remark: (text) => heard.remarks.push(text),
    attachmentEnded: () => ended.resolve(),
  };
  const session = new Session({
    clientInfo: { name: "test", version: "0" },
    listener,
    firstId,
    limits: { maxLineBytes: 32 * 1024 * 1024, maxQueuedChars: 32 * 1024 * 1024, ...limits },
  });
  const child = attachChild(command, session.sink);
  session.bind(child.attachment);
  return {
    session,
    heard: { ...heard, ended: ended.promise },
    kill: (signal) => child.process.kill(signal),
    async [Symbol.asyncDispose]() {
      session.end({ reason: "SERVER_STOPPED", message: "the test is over" });
      await child.exited;
    },
  };
}

/** The hostile server with these arguments, of the legacy era. */
export function hostile(...args: string[]): string[] {
  return [process.execPath, fileURLToPath(new URL("../servers/hostile.mjs", import.meta.url)), ...args];
}

/** The server of the modern era with these arguments. */
export function modern(...args: string[]): string[] {
  return [process.execPath, fileURLToPath(new URL("../servers/modern.mjs", import.meta.url)), ...args];
}

function attachChild([file = "", ...args]: readonly string[], sink: AttachmentSink) {
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.stdout.on("data", (chunk: Buffer) => sink.stdout(chunk));
  child.stderr.on("data", (chunk: Buffer) => sink.stderr(chunk));
  child.stdin.on("drain", () => sink.drain());
  child.stdin.on("error", () => {}); // A write after the death of the child; `close` tells of that.
  child.once("close", () => sink.end());
  const attachment: Attachment = {
    write: (chunk) => child.stdin.write(chunk),
    close: () => child.kill("SIGKILL"),
  };
  return { attachment, process: child, exited };
}
