import { JsonFields } from "../../json/json-fields.ts";
import { arrayElements } from "../../json/json-members.ts";
import type { CallerParts } from "../conversation/requests.ts";
import { joinMembers } from "../eras/era-codec.ts";
import { restOf, resultFields } from "./shared/input-required-result.ts";
import { countField } from "./shared/texts.ts";

/** An argument of a prompt, or a variable of a resource template, and what is known of it and of the others. */
export interface CompletionRequest {
  readonly ref: { readonly prompt: string } | { readonly resourceTemplate: string };
  readonly argumentName: string;
  readonly argumentValue: string;
  readonly contextArguments: Readonly<Record<string, string>>;
}

/** What the argument could be; the `…Json` fields hold what has no place here. */
export interface Completion {
  readonly values: readonly string[];
  readonly total?: number;
  readonly hasMore: boolean;
  readonly completionExtraJson: string;
  readonly extraJson: string;
}

const what = "result of completion/complete";

/** What a server gave in the place of an object belongs to the rest. */
const noFields = resultFields("null", what);

/** MCP allows a hundred. */
const maxValues = 10_000;

/** What the request says. */
export function completionParts(request: CompletionRequest): CallerParts {
  const { ref, argumentName, argumentValue, contextArguments } = request;
  const known = Object.keys(contextArguments).length > 0;
  const reference =
    "prompt" in ref ? { type: "ref/prompt", name: ref.prompt } : { type: "ref/resource", uri: ref.resourceTemplate };
  const argument = `"argument":${JSON.stringify({ name: argumentName, value: argumentValue })}`;
  const context = known ? `"context":${JSON.stringify({ arguments: contextArguments })}` : "";
  return {
    members: joinMembers(`"ref":${JSON.stringify(reference)}`, argument, context),
    texts: { argument_value: argument, context_arguments: context },
  };
}

/** Reads a result. Throws `protocol` for an invalid one. */
export function readCompletion(json: string): Completion {
  const fields = resultFields(json, what);
  const given = JsonFields.of(fields.raw("completion") ?? "");
  const completion = given ?? noFields;
  const values = readValues(completion.raw("values"));
  const total = countField(completion, "total");
  const hasMore = completion.raw("hasMore");
  const placed = new Set([
    ...(values === undefined ? [] : ["values"]),
    ...(total === undefined ? [] : ["total"]),
    ...(hasMore === "true" || hasMore === "false" ? ["hasMore"] : []),
  ]);
  return {
    values: values ?? [],
    ...(total === undefined ? {} : { total }),
    hasMore: hasMore === "true",
    completionExtraJson: completion.rest(placed),
    extraJson: restOf(fields, { kind: "complete", placed: given === undefined ? [] : ["completion"] }).extraJson,
  };
}

/** Undefined when protobuf can't carry all of them. */
function readValues(list: string | undefined): string[] | undefined {
  if (list === undefined) return [];
  if (!list.startsWith("[")) return undefined;
  const texts = arrayElements(list);
  if (texts.length > maxValues || !texts.every((text) => text.startsWith('"'))) return undefined;
  const values = texts.map((text) => JSON.parse(text) as string);
  return values.every((value) => value.isWellFormed()) ? values : undefined;
}
