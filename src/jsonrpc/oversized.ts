import { idOf } from "./message-id.ts";
import type { OversizedLine } from "./skipped-line.ts";

/** Where a line begins, a BOM included, which was read as Latin-1. */
const start = String.raw`^(?:\xef\xbb\xbf)?\s*\{\s*`;
const version = String.raw`"jsonrpc"\s*:\s*"2\.0"`;
const id = String.raw`"id"\s*:\s*("[0-9]{1,15}"|[0-9][0-9.eE+-]{0,30})`;
const outcome = String.raw`"(?:result|error)"\s*:`;

const idFirst = new RegExp(String.raw`${start}(?:${version}\s*,\s*)?${id}\s*,\s*(?:${version}\s*,\s*)?${outcome}`);
const outcomeFirst = new RegExp(String.raw`${start}(?:${version}\s*,\s*)?${outcome}`);
/** The last member of an object that ends here. A quote inside a string is escaped, so this can't be inside one. */
const idLast = new RegExp(String.raw`,\s*${id}\s*(?:,\s*${version}\s*)?\}\s*$`);

/**
 * The id of the reply that an oversized line held, from the line's first and last bytes: servers write the id before
 * the result, or after it. "unknown": it was a reply, but neither place shows the id. Undefined: it was not a reply.
 */
export function oversizedReply(line: OversizedLine): number | "unknown" | undefined {
  const head = line.head.toString("latin1");
  const first = idFirst.exec(head)?.[1];
  return first === undefined ? idAfterOutcome(head, line.tail.toString("latin1")) : idOf(first);
}

/** As above, of a reply that begins with its outcome. */
export function idAfterOutcome(head: string, tail: string): number | "unknown" | undefined {
  return outcomeFirst.test(head) ? (idOf(idLast.exec(tail)?.[1]) ?? "unknown") : undefined;
}
