import type { Readable } from "node:stream";
import { lines } from "../engine/lines.ts";

/** One line of the engine's response to a pull. */
interface PullMessage {
  readonly id?: string;
  readonly status?: string;
  readonly progressDetail?: { readonly current?: number; readonly total?: number };
  readonly error?: string;
}

/** Reads a pull to its end. Returns the engine's text when it failed: that comes inside a response of status 200. */
export async function readPull(
  stream: Readable,
  onProgress: ((line: string) => void) | undefined,
): Promise<string | undefined> {
  const progress = new PullProgress();
  let failure: string | undefined;
  for await (const line of lines(stream)) {
    const message = JSON.parse(line) as PullMessage;
    failure ??= message.error;
    const shown = progress.line(message);
    if (shown !== undefined) onProgress?.(shown);
  }
  return failure;
}

const stepPercent = 10;
/** Ids of layers are a registry's own words, as far as an engine does not check them. */
const plainLine = /^[ -~]{1,300}$/;

/** Turns pull messages (dozens a second for each layer) into lines for people: each status once, then every tenth. */
export class PullProgress {
  readonly #last = new Map<string, string>();

  /** The line to show for this message, or undefined when it says nothing new. */
  line(message: PullMessage): string | undefined {
    const { id = "", status, progressDetail } = message;
    if (status === undefined) return undefined;
    const { current, total } = progressDetail ?? {};
    const step = current && total ? Math.floor((current / total) * (100 / stepPercent)) * stepPercent : undefined;
    const text = step === undefined ? status : `${status} ${step}%`;
    if (this.#last.get(id) === text) return undefined;
    this.#last.set(id, text);
    const line = id === "" ? text : `${id}: ${text}`;
    return plainLine.test(line) ? line : undefined;
  }
}

/**
 * Why a pull failed, by the engine's words. Callers get only this class of failure: the words may contain what a
 * registry, or something else at its address, sent. They are for the log.
 */
const classes: readonly (readonly [RegExp, string])[] = [
  [/no space left|disk quota exceeded|read-only file system|failed to register layer/i, "the engine can't store it"],
  [/toomanyrequests|too many requests|rate limit/i, "its registry refuses so many pulls: try again later"],
  [
    /unauthorized|authentication required|incorrect username|no basic auth credentials|invalid credentials/i,
    "its registry does not accept the manager's credentials: see `docker login` and DOCKER_CONFIG",
  ],
  [
    /manifest unknown|not found|does not exist|access denied|access to the resource is denied|name unknown/i,
    "its registry has no such image, or this manager has no access to it",
  ],
  [
    /no such host|dial tcp|lookup |connection re(?:fused|set)|unreachable|time-?out|deadline exceeded|x509|tls|http response to https|\bEOF\b|server misbehaving|proxyconnect/i,
    "its registry can't be reached from the engine",
  ],
];

/** The end of a sentence that says why an image can't be pulled. */
export function pullFailure(engineText: string): string {
  const found = classes.find(([pattern]) => pattern.test(engineText));
  return found?.[1] ?? "the pull failed; the manager's log has the engine's words";
}
