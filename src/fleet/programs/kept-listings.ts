import { createHash } from "node:crypto";
import { JsonFields } from "../../json/json-fields.ts";
import { type ListKind, readEntries } from "../../mcp/features/shared/list-entries.ts";
import { identityOf, isLasting, type Program } from "./program.ts";
import type { TextCache } from "./text-cache.ts";

export interface KeptListingsOptions {
  readonly cache: TextCache;
  /** The wall clock, in milliseconds. */
  readonly now: () => number;
}

/** What a program listed when it was last asked. */
export interface KeptListing<T> {
  readonly entries: readonly T[];
  readonly readAtMs: number;
}

/** So exactly it is known when a listing was last read. */
const freshMs = 3_600_000;
const maxLately = 1000;

/** Of the form; what another version wrote is not read. */
const version = "1";

/**
 * The last whole listing of each kind of each program, as the server wrote it: one page of MCP with all entries. It
 * outlives manager and server, and may be out of date: a session that can ask the server does.
 */
export class KeptListings {
  readonly #options: KeptListingsOptions;
  /** What was kept lately, by its subject: a server that promises nothing is asked again and again. */
  readonly #lately = new Map<string, { readonly digest: string; readonly atMs: number }>();

  constructor(options: KeptListingsOptions) {
    this.#options = options;
  }

  /** A server of this program gave these entries; `member` is where a page of MCP has them. */
  keep(program: Program, { member, entries }: { readonly member: string; readonly entries: readonly string[] }): void {
    if (!isLasting(program)) return;
    const { cache, now } = this.#options;
    const subject = subjectOf(program, member);
    const list = `[${entries.join(",")}]`;
    if (this.#isKept(subject, list)) return;
    cache.put(subject, `{"version":${version},"readAtMs":${now()},${JSON.stringify(member)}:${list}}`);
  }

  /** Whether just this was kept within the hour; if not, it is from now on. */
  #isKept(subject: string, list: string): boolean {
    const atMs = this.#options.now();
    const digest = createHash("sha256").update(list).digest("base64");
    const last = this.#lately.get(subject);
    if (last?.digest === digest && Math.abs(atMs - last.atMs) < freshMs) return true;
    this.#lately.delete(subject);
    this.#lately.set(subject, { digest, atMs });
    for (const [oldest] of this.#lately) if (this.#lately.size > maxLately) this.#lately.delete(oldest);
    return false;
  }

  /** Undefined: none is kept, or it can't be read. */
  async of<T>(program: Program, kind: ListKind<T>): Promise<KeptListing<T> | undefined> {
    const text = await this.#options.cache.get(subjectOf(program, kind.member));
    const fields = text === undefined ? undefined : JsonFields.of(text);
    const list = fields?.raw(kind.member);
    const readAtMs = Number(fields?.raw("readAtMs"));
    if (list === undefined || fields?.raw("version") !== version || !Number.isFinite(readAtMs)) return undefined;
    const entries = readEntries(list, kind);
    return entries === undefined ? undefined : { entries, readAtMs };
  }
}

function subjectOf(program: Program, member: string): string {
  return `${identityOf(program)} ${member}`;
}
