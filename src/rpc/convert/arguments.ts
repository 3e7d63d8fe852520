import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { CallToolRequest } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { invalidRequest } from "../../errors.ts";
import { checkedJsonObject, maxCallerDepth, maxCallerValues } from "../../jsonrpc/caller-json.ts";
import type { ValueBudget } from "../../jsonrpc/json-scan.ts";
import { oneLine } from "../../jsonrpc/one-line.ts";

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
      return checkedJsonObject(input.value, "arguments_json");
    case "arguments":
      checkExact(input.value, { field: "arguments", depth: 1, budget: { valuesLeft: maxCallerValues } });
      return oneLine(JSON.stringify(input.value));
    default:
      return input satisfies never;
  }
}

interface Place {
  readonly field: string;
  readonly depth: number;
  /** Shared by all places of one structure. */
  readonly budget: ValueBudget;
}

function checkExact(value: JsonValue, place: Place): void {
  const { budget } = place;
  budget.valuesLeft -= 1;
  if (budget.valuesLeft < 0) {
    const description = `must have at most ${maxCallerValues} values: use arguments_json`;
    throw invalidRequest([{ field: "arguments", description }]);
  }
  if (typeof value === "number") checkNumber(value, place.field);
  if (value === null || typeof value !== "object") return;
  if (place.depth > maxCallerDepth) {
    throw invalidRequest([{ field: "arguments", description: `must have at most ${maxCallerDepth} levels` }]);
  }
  const depth = place.depth + 1;
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkExact(item, { field: `${place.field}[${index}]`, depth, budget });
  } else {
    for (const [name, item] of Object.entries(value as JsonObject)) {
      checkExact(item, { field: `${place.field}.${name}`, depth, budget });
    }
  }
}

function checkNumber(value: number, field: string): void {
  if (!Number.isFinite(value)) {
    throw invalidRequest([
      { field, description: "is not a finite number, and JSON has no others: use arguments_json" },
    ]);
  }
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return;
  const description = "is an integer beyond ±(2^53−1), which was rounded before it came here: use arguments_json";
  throw invalidRequest([{ field, description }]);
}
