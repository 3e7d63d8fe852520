import { parseSync, Visitor } from "rolldown/utils";

/** The names of members that a file reads: `of.name`, or taken apart as `{ name }`. */
export function membersRead(path: string, text: string): Set<string> {
  const names = new Set<string>();
  const note = (key: { readonly type: string; readonly name?: unknown }) => {
    if (key.type === "Identifier" && typeof key.name === "string") names.add(key.name);
  };
  new Visitor({
    MemberExpression: ({ computed, property }) => (computed ? undefined : note(property)),
    ObjectPattern: ({ properties }) => {
      for (const property of properties) if (property.type === "Property" && !property.computed) note(property.key);
    },
  }).visit(parseSync(path, text).program);
  return names;
}
