import { ManagerError } from "../../../base/errors/errors.ts";
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

/** What a server lists, and how many characters that is. */
export interface Entries<T> {
  readonly entries: readonly T[];
  /** Each entry as the server wrote it, those of no use included. */
  readonly texts: readonly string[];
  readonly chars: number;
}

/**
 * All that a server lists, page by page. Entries of no use are left out. Throws `protocol` for a malformed page and for
 * a listing of more than 200 pages or 10,000 entries, and what `Requests.result` throws.
 */
export async function listEntries<T>(
  requests: Requests,
  options: TracedOptions & { readonly kind: ListKind<T> },
): Promise<Entries<T>> {
  const { kind, ...request } = options;
  const listing = `the server's ${kind.noun} listing`;
  const entries: T[] = [];
  const texts: string[] = [];
  let members = "";
  let chars = 0;
  for (let page = 0; page < maxPages; page += 1) {
    const result = await requests.result(kind.method, { members }, request);
    chars += result.length;
    if (chars > maxListingChars) throw malformedList(`${listing} is larger than ${maxListingChars} characters`);
    const fields = JsonFields.of(result);
    const list = fields?.raw(kind.member);
    if (fields === undefined || !list?.startsWith("[")) throw malformedList(`${listing} has no array of ${kind.noun}s`);
    for (const { entry, text } of readPage(list, kind)) {
      texts.push(text);
      if (entry !== undefined) entries.push(entry);
    }
    if (entries.length > maxEntries) throw malformedList(`the server lists more than ${maxEntries} ${kind.noun}s`);
    // An empty string is a valid cursor (MCP pagination).
    const cursor = fields.string("nextCursor");
    if (cursor === undefined) return { entries, texts, chars };
    members = `"cursor":${JSON.stringify(cursor)}`;
  }
  throw malformedList(`${listing} does not end after ${maxPages} pages`);
}

/** What a JSON array of entries has that is of use; undefined when it is none. */
export function readEntries<T>(list: string, kind: ListKind<T>): T[] | undefined {
  if (!list.startsWith("[")) return undefined;
  return readPage(list, kind).flatMap(({ entry }) => entry ?? []);
}

/** The elements of a JSON array. */
function readPage<T>(list: string, kind: ListKind<T>): { entry: T | undefined; text: string }[] {
  const entries: { entry: T | undefined; text: string }[] = [];
  try {
    for (const text of eachElement(list, { maxValues: maxPageValues })) entries.push({ entry: kind.read(text), text });
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    // The text was proven before.
    throw malformedList(`a page of the server's ${kind.noun} listing has more than ${maxPageValues} values`);
  }
  return entries;
}

function malformedList(message: string): ManagerError {
  return new ManagerError("protocol", message, { details: { reason: "MALFORMED_RESULT", delivery: "answered" } });
}
