import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Lines } from "./line-load.ts";

export const echoProgram = fileURLToPath(new URL("../echo/echo.mjs", import.meta.url));

/** The echo server as a child process, on pipes. */
export class EchoProcess implements AsyncDisposable {
  readonly lines: Lines;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;

  constructor() {
    // The SDK's own: it awaits each large answer by a listener.
    const args = ["--disable-warning=MaxListenersExceededWarning", echoProgram];
    const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
    this.#child = child;
    this.lines = {
      write: (chunk) => child.stdin.write(chunk),
      read: (onChunk) => {
        child.stdout.removeAllListeners("data");
        child.stdout.on("data", onChunk);
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await once(this.#child, "exit");
  }
}
