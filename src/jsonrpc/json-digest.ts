import { hash } from "node:crypto";
import { scanValue } from "./json-scan.ts";

/** The text of an object or list that is longer is replaced by its own digest, so that depth costs nothing. */
const maxInlineChars = 64;

interface Member {
  readonly name: string;
  readonly value: string;
}

interface Container {
  readonly kind: "object" | "list";
  readonly members: Member[];
  /** Of the member that comes next. */
  name: string;
}

/**
 * sha256 of one JSON value, in base64: equal for texts that differ only in the spaces between their parts and in the
 * order of members. Callers who send the same structure again may write its members in another order: protobuf has none
 * for maps. Numbers, strings and names count as they are written. `text` must be JSON.
 */
export function jsonDigest(text: string): string {
  const open: Container[] = [];
  let whole = "";
  const value = (written: string) => {
    const container = open.at(-1);
    if (container === undefined) whole = written;
    else container.members.push({ name: container.name, value: written });
  };
  const scalar = (start: number, end: number) => value(text.slice(start, end));
  scanValue(text, 0, {
    visitor: {
      open(start) {
        open.push({ kind: text[start] === "{" ? "object" : "list", members: [], name: "" });
      },
      close() {
        const container = open.pop();
        if (container !== undefined) value(inlined(container));
      },
      name(start, end) {
        const container = open.at(-1);
        if (container !== undefined) container.name = text.slice(start, end);
      },
      string: scalar,
      number: scalar,
      literal: scalar,
    },
  });
  return sha256(whole);
}

export function sha256(text: string): string {
  return hash("sha256", text, "base64");
}

function inlined({ kind, members }: Container): string {
  const text =
    kind === "list"
      ? `[${members.map(({ value }) => value).join()}]`
      : `{${members
          .sort(byName)
          .map(({ name, value }) => `${name}:${value}`)
          .join()}}`;
  // No JSON value begins like this.
  return text.length <= maxInlineChars ? text : `#${sha256(text)}`;
}

/** Members of the same name stay in their order: servers differ in which of them they take. */
function byName(a: Member, b: Member): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
