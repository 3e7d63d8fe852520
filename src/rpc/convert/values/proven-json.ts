import { checkedJsonObject } from "../../../json/caller-json.ts";
import { refuseLargeText } from "../../../mcp/protocol/params-limit.ts";

/** A caller's JSON text as `checkedJsonObject` gives it, and no larger than what a call may send. Throws `invalid`. */
export function provenJson(text: string, field: string): string {
  refuseLargeText(text, field);
  return checkedJsonObject(text, field);
}
