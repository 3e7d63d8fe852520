import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { CallToolRequest } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { invalidRequest } from "../../errors.ts";
import { maxCallerDepth, maxCallerValues } from "../../jsonrpc/caller-json.ts";
import type { ValueBudget } from "../../jsonrpc/json-scan.ts";
import { oneLine } from "../../jsonrpc/one-line.ts";
import { fitForParams, tooLargeForParams } from "../../mcp/params-limit.ts";
import { provenJson } from "./proven-json.ts";

/**
 * A call's arguments as JSON text fit for a line, or undefined when there are none. Throws `invalid` for text that is
 * not one JSON object, and for a structure that was rounded on its way here, or is
 * too deep or too large.
 */
export function argumentsJson(input: CallToolRequest["input"]): string | undefined {
  switch (input.case) {
    case undefined:
      return undefined;
    case "argumentsJson":
      return provenJson(input.value, "arguments_json");
    case "arguments":
      checkStructure(input.value);
      return oneLine(JSON.stringify(input.value));
    default:
      return input satisfies never;
  }
}

function checkStructure(value: JsonObject): void {
  const texts: string[] = [];
  checkExact(value, { within: undefined, key: "arguments", depth: 1, budget: { valuesLeft: maxCallerValues }, texts });
  if (!fitForParams(texts)) throw invalidRequest([{ field: "arguments", description: tooLargeForParams }]);
}

/** Where a value is; its name is made only for an error. */
interface Place {
  readonly within: Place | undefined;
  readonly key: string | number;
  readonly depth: number;
  /** Shared by all places of one structure, as are its texts, names included. */
  readonly budget: ValueBudget;
  readonly texts: string[];
}

function checkExact(value: JsonValue, place: Place): void {
  const { budget, texts } = place;
  budget.valuesLeft -= 1;
  if (budget.valuesLeft < 0) {
    const description = `must have at most ${maxCallerValues} values: use arguments_json`;
    throw invalidRequest([{ field: "arguments", description }]);
  }
  if (typeof value === "number") checkNumber(value, place);
  if (typeof value === "string") texts.push(value);
  if (value === null || typeof value !== "object") return;
  if (place.depth > maxCallerDepth) {
    throw invalidRequest([{ field: "arguments", description: `must have at most ${maxCallerDepth} levels` }]);
  }
  const inside = { within: place, depth: place.depth + 1, budget, texts };
  if (Array.isArray(value)) {
    for (const [key, item] of value.entries()) checkExact(item, { ...inside, key });
  } else {
    for (const [key, item] of Object.entries(value as JsonObject)) {
      texts.push(key);
      checkExact(item, { ...inside, key });
    }
  }
}

function fieldOf({ within, key }: Place): string {
  if (within === undefined) return String(key);
  return typeof key === "number" ? `${fieldOf(within)}[${key}]` : `${fieldOf(within)}.${key}`;
}

function checkNumber(value: number, place: Place): void {
  if (!Number.isFinite(value)) {
    throw invalidRequest([
      { field: fieldOf(place), description: "is not a finite number, and JSON has no others: use arguments_json" },
    ]);
  }
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return;
  const description = "is an integer beyond ±(2^53−1), which was rounded before it came here: use arguments_json";
  throw invalidRequest([{ field: fieldOf(place), description }]);
}
