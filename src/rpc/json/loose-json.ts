import type { DescMessage, JsonValue } from "@bufbuild/protobuf";
import { invalidRequest } from "../../base/errors/errors.ts";
import { jsonProblem } from "./json-problem.ts";

const known = new WeakMap<DescMessage, boolean>();

/**
 * Refuses text that the RPC library would misread: to protobuf-es 2.17 any text that begins like a Duration is a
 * Duration, so that "1s later" and "1s500ms" are a second. Throws `invalid`.
 */
export function refuseLooseJson(desc: DescMessage, json: JsonValue): void {
  if (!readsLoosely(desc)) return;
  const problem = jsonProblem(desc, json);
  if (problem !== undefined) throw invalidRequest([problem]);
}

/** Whether a message has a Duration somewhere. Others need not be looked at a second time. */
export function readsLoosely(desc: DescMessage): boolean {
  const before = known.get(desc);
  if (before !== undefined) return before;
  known.set(desc, false); // A message within itself adds nothing.
  const loose =
    desc.typeName === "google.protobuf.Duration" ||
    desc.fields.some(({ message }) => message !== undefined && readsLoosely(message));
  known.set(desc, loose);
  return loose;
}
