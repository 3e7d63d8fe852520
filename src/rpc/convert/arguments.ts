import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import type { CallToolRequest } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { invalidRequest } from "../../base/errors/errors.ts";
import { maxCallerDepth, maxCallerValues } from "../../json/caller-json.ts";
import type { ValueBudget } from "../../json/json-scan.ts";
import { fitForParams, jsonChars, tooLargeForParams } from "../../mcp/protocol/params-limit.ts";
import { provenJson } from "./values/proven-json.ts";

/**
 * A call's arguments as JSON text without line breaks, or undefined when there are none. Throws `invalid` for text that
 * is not one JSON object, and for a structure that was rounded on its way here, or is too deep or too large.
 */
export function argumentsJson(input: CallToolRequest["input"]): string | undefined {
  switch (input.case) {
    case undefined:
      return undefined;
    case "argumentsJson":
      return provenJson(input.value, "arguments_json");
    case "arguments":
      checkStructure(input.value);
      return JSON.stringify(input.value);
    default:
      return input satisfies never;
  }
}

function checkStructure(value: JsonObject): void {
  const sums = { valuesLeft: maxCallerValues, chars: 0 };
  checkContainer(value, { within: undefined, key: "arguments", depth: 1, sums });
  if (!fitForParams(sums.chars, () => charsInJson(value))) {
    throw invalidRequest([{ field: "arguments", description: tooLargeForParams }]);
  }
}

/** Where a container is; its name is made only for an error. */
interface Place {
  readonly within: Place | undefined;
  readonly key: string | number;
  readonly depth: number;
  /** Of all places of one structure. */
  readonly sums: ValueBudget & { chars: number };
}

function checkContainer(container: JsonObject | JsonValue[], place: Place): void {
  if (place.depth > maxCallerDepth) {
    throw invalidRequest([{ field: "arguments", description: `must have at most ${maxCallerDepth} levels` }]);
  }
  takeValue(place.sums);
  if (Array.isArray(container)) {
    for (let index = 0; index < container.length; index += 1) checkItem(container[index] as JsonValue, index, place);
    return;
  }
  for (const name of Object.keys(container)) {
    place.sums.chars += name.length;
    checkItem(container[name] as JsonValue, name, place);
  }
}

// Not in one object with its place, which most values need no more of.
function checkItem(value: JsonValue, key: string | number, within: Place): void {
  const { depth, sums } = within;
  if (value !== null && typeof value === "object") {
    checkContainer(value, { within, key, depth: depth + 1, sums });
    return;
  }
  takeValue(sums);
  if (typeof value === "string") sums.chars += value.length;
  else if (typeof value === "number") checkNumber(value, { within, key, depth, sums });
}

function takeValue(sums: ValueBudget): void {
  sums.valuesLeft -= 1;
  if (sums.valuesLeft >= 0) return;
  const description = `must have at most ${maxCallerValues} values: use arguments_json`;
  throw invalidRequest([{ field: "arguments", description }]);
}

/** How many characters the names and strings of a structure, which is not too deep, have in JSON. */
function charsInJson(value: JsonValue): number {
  if (typeof value === "string") return jsonChars(value);
  if (value === null || typeof value !== "object") return 0;
  let chars = 0;
  if (Array.isArray(value)) for (const item of value) chars += charsInJson(item);
  else for (const name of Object.keys(value)) chars += jsonChars(name) + charsInJson(value[name] as JsonValue);
  return chars;
}

function argumentField({ within, key }: Place): string {
  if (within === undefined) return String(key);
  return typeof key === "number" ? `${argumentField(within)}[${key}]` : `${argumentField(within)}.${key}`;
}

function checkNumber(value: number, place: Place): void {
  if (!Number.isFinite(value)) {
    throw invalidRequest([
      {
        field: argumentField(place),
        description: "is not a finite number, and JSON has no others: use arguments_json",
      },
    ]);
  }
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return;
  const description = "is an integer beyond ±(2^53−1), which was rounded before it came here: use arguments_json";
  throw invalidRequest([{ field: argumentField(place), description }]);
}
