import { spawn } from "node:child_process";
import { truncateUtf8 } from "../../base/text/truncate.ts";
import { maxSecretBytes, SecretProblem, tooLong } from "./secret-problem.ts";

/** How long a command may take: some ask a vault, none asks a person. */
const maxCommandMs = 30_000;
const maxErrorBytes = 512;
/** Of stderr that is kept. */
const maxStderrBytes = 16 * 1024;

export interface CommandOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly maxMs?: number;
}

/** Runs a program without a shell; its standard output is the value. It is killed when the signal aborts. */
export async function runCommand(argv: readonly string[], options: CommandOptions): Promise<Buffer> {
  const { env, signal, maxMs = maxCommandMs } = options;
  const [program = "", ...args] = argv;
  const detail = { command: program };
  const timeout = AbortSignal.timeout(maxMs);
  const { stdout, stderr, code, isTooLong, error } = await run(program, args, {
    env,
    signal: AbortSignal.any([signal, timeout]),
  });
  if (isTooLong) throw new SecretProblem(tooLong(), detail);
  if (timeout.aborted) throw new SecretProblem(`its command did not end within ${maxMs / 1000} s`, detail);
  if (error !== undefined) throw new SecretProblem(whyNotRun(error), detail);
  if (code === 0) return stdout;
  const said = shown(stderr, stdout);
  throw new SecretProblem(`its command ended with ${code ?? "a signal"}${said === "" ? "" : `: ${said}`}`, detail);
}

interface Outcome {
  readonly stdout: Buffer;
  readonly stderr: string;
  /** Null: a signal ended it. */
  readonly code: number | null;
  readonly isTooLong: boolean;
  /** It could not be started, or was aborted. */
  readonly error: Error | undefined;
}

/** In a group of its own, so that what it started ends with it. */
function run(
  program: string,
  args: readonly string[],
  { env, signal }: { readonly env: CommandOptions["env"]; readonly signal: AbortSignal },
): Promise<Outcome> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let outBytes = 0;
    let complaint: Buffer = Buffer.alloc(0);
    let isTooLong = false;
    const end = (code: number | null, error?: Error) => {
      signal.removeEventListener("abort", kill);
      resolve({ stdout: Buffer.concat(chunks), stderr: complaint.toString(), code, isTooLong, error });
    };
    let child: ReturnType<typeof start>;
    const kill = () => killGroup(child.pid);
    try {
      child = start(program, args, env);
    } catch (error) {
      end(null, error as Error);
      return;
    }
    child.stdout.on("data", (chunk: Buffer) => {
      outBytes += chunk.length;
      if (outBytes <= maxSecretBytes) chunks.push(chunk);
      else if (!isTooLong) {
        isTooLong = true;
        kill();
      }
    });
    child.stderr.on("data", (chunk: Buffer) => {
      complaint = Buffer.concat([complaint, chunk]).subarray(-maxStderrBytes);
    });
    child.once("error", (error) => end(null, error));
    child.once("exit", () => killGroup(child.pid));
    child.once("close", (code) => end(code));
    if (signal.aborted) kill();
    else signal.addEventListener("abort", kill, { once: true });
  });
}

function start(program: string, args: readonly string[], env: CommandOptions["env"]) {
  return spawn(program, args, { env: { ...env }, stdio: ["ignore", "pipe", "pipe"], detached: true, shell: false });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nobody is left in it.
  }
}

function whyNotRun(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "its command is not there: is it installed, and on the manager's PATH?";
  return code === "EACCES" ? "its command may not be run by the manager" : `its command can't be run (${code ?? "?"})`;
}

/** The end of what it complained of. What it printed before it failed may be the value, and is left out. */
function shown(stderr: string, stdout: Buffer): string {
  let text = stderr.toWellFormed();
  const printed = stdout.toString().split(/\r?\n/);
  for (const line of printed) if (line.trim() !== "") text = text.replaceAll(line.trim(), "…");
  const oneLine = text.trim().replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, " ");
  return truncateUtf8(oneLine, { maxBytes: maxErrorBytes, keep: "end" });
}
