import { invalidRequest } from "../errors.ts";
import { type JsonMember, objectMembers } from "../jsonrpc/json-members.ts";
import { JsonSyntaxError } from "../jsonrpc/json-scan.ts";

/** What the caller of any request into a server has for its `_meta`. */
export interface CallerMeta {
  /** A proven object (`checkedJsonObject`); absent: none. */
  readonly metaJson?: string | undefined;
}

/**
 * The caller's members of a request's `_meta`, without the braces; empty: none. The keys that are the manager's are left
 * out: progress tokens are request ids of the attachment. Throws `invalid` when `metaJson` is not an object.
 */
export function callerMeta({ metaJson }: CallerMeta): string {
  const own = metaJson === undefined ? [] : membersOf(metaJson).filter(isCallers);
  return own.map(({ name, value }) => `${JSON.stringify(name)}:${value}`).join(",");
}

function isCallers({ name }: JsonMember): boolean {
  return name !== "progressToken" && !name.startsWith("io.modelcontextprotocol/");
}

function membersOf(metaJson: string): JsonMember[] {
  try {
    return objectMembers(metaJson);
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw invalidRequest([{ field: "meta_json", description: `must be a JSON object: ${error.message}` }]);
  }
}
