import { ManagerError, toManagerError } from "../../../base/errors/errors.ts";
import { JsonFields } from "../../../json/json-fields.ts";
import { eachElement } from "../../../json/json-members.ts";
import { JsonSyntaxError } from "../../../json/json-scan.ts";
import type { Requests, TracedOptions } from "../../conversation/requests.ts";

/** A server that always gives a next page must not keep a call going for ever. */
const maxPages = 200;
/** Nor may its pages together fill the memory. */
const maxListingChars = 64 * 1024 * 1024;
const maxEntries = 10_000;
/** Values of one page, those inside schemas included. */
const maxPageValues = 500_000;

/** Something that servers list. */
export interface ListKind<T> {
  readonly method: string;
  /** The array of a page's result. */
  readonly member: string;
  /** What one entry is called. */
  readonly noun: string;
  /** Reads one entry; undefined: it is of no use. */
  readonly read: (text: string) => T | undefined;
}

/** What a server lists. */
export interface Listed<T> {
  readonly entries: readonly T[];
  /** Each entry as the server wrote it, those of no use included. */
  readonly texts: readonly string[];
  /** Why entries may be missing, as a sentence: the server did not end its listing as MCP has it. */
  readonly incomplete?: string;
  /** What who wants more than these gets: the listing is larger than the manager reads. */
  readonly limit?: ManagerError;
  /** How many characters that is. */
  readonly chars: number;
}

/** One page of a server's, and how it goes on: `cursor` is JSON text. */
interface PageRead<T> {
  readonly entries: readonly T[];
  readonly texts: readonly string[];
  readonly list: string;
  readonly chars: number;
  readonly cursor?: string | undefined;
  readonly incomplete?: string;
  readonly limit?: ManagerError;
}

/** One listing, while it is read. */
class Reading<T> {
  readonly #kind: ListKind<T>;
  readonly #entries: T[] = [];
  readonly #texts: string[] = [];
  readonly #cursors = new Set<string>();
  #lastList = "";
  #chars = 0;
  #pages = 0;

  constructor(kind: ListKind<T>) {
    this.#kind = kind;
  }

  get pages(): number {
    return this.#pages;
  }

  /** Takes a page. Returns the listing if it ends here, else the cursor of the next page. */
  take(page: PageRead<T>): Listed<T> | string {
    const { noun } = this.#kind;
    this.#chars += page.chars;
    if (this.#chars > maxListingChars) return this.end({ limit: tooLarge(noun, `${maxListingChars} characters`) });
    const { cursor } = page;
    const repeated = cursor !== undefined && this.#cursors.has(cursor);
    // A server that does not look at cursors gives the same page again.
    const isSame = repeated && page.list === this.#lastList;
    const given = isSame ? [] : page.entries;
    if (!isSame) for (const text of page.texts) this.#texts.push(text);
    const room = maxEntries - this.#entries.length;
    this.#entries.push(...given.slice(0, room));
    if (given.length > room) {
      return this.end({ limit: tooLarge(noun, `${maxEntries} entries`) });
    }
    this.#lastList = page.list;
    this.#pages += 1;
    if (repeated) return this.end({ incomplete: endsBecause(noun, `its nextCursor ${shown(cursor)} comes again`) });
    if (cursor === undefined || page.limit !== undefined) return this.end(page);
    if (this.#pages === maxPages) return this.end({ limit: tooLarge(noun, `${maxPages} pages`) });
    this.#cursors.add(cursor);
    return cursor;
  }

  /** What was listed until now. */
  end({ incomplete, limit }: { readonly incomplete?: string; readonly limit?: ManagerError }): Listed<T> {
    const why = { ...(incomplete === undefined ? {} : { incomplete }), ...(limit === undefined ? {} : { limit }) };
    return { entries: this.#entries, texts: this.#texts, chars: this.#chars, ...why };
  }
}

/**
 * All that a server lists, page by page. Entries of no use are left out. When it ends early (a cursor that comes again,
 * a later page that is refused or malformed, a limit of the manager's), it is what was listed until then. Throws
 * `protocol` for a malformed first page, and what `Requests.result` throws.
 */
export async function listEntries<T>(
  requests: Requests,
  options: TracedOptions & { readonly kind: ListKind<T> },
): Promise<Listed<T>> {
  const { kind, ...request } = options;
  const reading = new Reading(kind);
  for (let members = ""; ; ) {
    let next: Listed<T> | string;
    try {
      next = reading.take(readPage(await requests.result(kind.method, { members }, request), kind));
    } catch (error) {
      const failure = toManagerError(error);
      if (reading.pages === 0 || failure.details.delivery !== "answered") throw failure;
      const problem = `its page ${reading.pages + 1} can't be had: ${failure.message}`;
      return reading.end({ incomplete: endsBecause(kind.noun, problem) });
    }
    if (typeof next !== "string") return next;
    members = `"cursor":${next}`;
  }
}

/** What a JSON array of entries has that is of use; undefined when it is none. */
export function readEntries<T>(list: string, kind: ListKind<T>): T[] | undefined {
  if (!list.startsWith("[")) return undefined;
  const { entries, isWhole } = elementsOf(list, kind);
  return isWhole ? entries : undefined;
}

interface Elements<T> {
  readonly entries: T[];
  readonly texts: string[];
  /** False: there are more values than a page may have. */
  readonly isWhole: boolean;
}

/** The elements of a JSON array, and those of them that are of use. */
function elementsOf<T>(list: string, kind: ListKind<T>): Elements<T> {
  const entries: T[] = [];
  const texts: string[] = [];
  try {
    for (const text of eachElement(list, { maxValues: maxPageValues })) {
      texts.push(text);
      const entry = kind.read(text);
      if (entry !== undefined) entries.push(entry);
    }
  } catch (error) {
    // The text was proven before.
    if (!(error instanceof JsonSyntaxError)) throw error;
    return { entries, texts, isWhole: false };
  }
  return { entries, texts, isWhole: true };
}

function readPage<T>(result: string, kind: ListKind<T>): PageRead<T> {
  const fields = JsonFields.of(result === "null" ? "{}" : result);
  const list = fields?.raw(kind.member) ?? "null";
  if (fields === undefined || !/^(?:\[|null$)/.test(list)) {
    throw malformedList(`the server's ${kind.noun} listing has no array of ${kind.noun}s`);
  }
  // Null is how Go writes a slice that has nothing.
  const { isWhole, ...elements } = elementsOf(list === "null" ? "[]" : list, kind);
  const page = { ...elements, list, chars: result.length };
  if (!isWhole) return { ...page, limit: tooLarge(kind.noun, `${maxPageValues} values on a page`) };
  return { ...page, ...cursorOf(fields, kind.noun) };
}

/** An empty string is a valid cursor (MCP pagination), and some servers count. */
function cursorOf(fields: JsonFields, noun: string): { cursor?: string; incomplete?: string } {
  const raw = fields.raw("nextCursor");
  if (raw === undefined || raw === "null" || raw === "false") return {};
  if (/^["\-0-9]/.test(raw)) return { cursor: raw };
  return { incomplete: endsBecause(noun, `its nextCursor is neither text nor a number: ${shown(raw)}`) };
}

const maxShownChars = 64;

function shown(cursor: string): string {
  return cursor.length <= maxShownChars ? cursor : `${cursor.slice(0, maxShownChars).toWellFormed()}…`;
}

function endsBecause(noun: string, problem: string): string {
  return `the server's ${noun} listing is given as far as it goes: ${problem}`;
}

function tooLarge(noun: string, limit: string): ManagerError {
  const message = `the server's ${noun} listing has more than ${limit}, and the manager reads no more`;
  return new ManagerError("too_much", message, { details: { reason: "LISTING_TOO_LARGE", delivery: "answered" } });
}

function malformedList(message: string): ManagerError {
  return new ManagerError("protocol", message, { details: { reason: "MALFORMED_RESULT", delivery: "answered" } });
}
