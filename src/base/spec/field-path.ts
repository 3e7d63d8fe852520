import { protoName } from "./proto-name.ts";

const maps = new Set<PropertyKey>([
  "env",
  "labels",
  "secrets",
  "secretFiles",
  "arguments",
  "contextArguments",
  "servers",
]);

/** The path of a field of a request in the proto's spelling: `spec.mounts[0].handshake_timeout`, `spec.env["A"]`. */
export function fieldPath(path: readonly PropertyKey[]): string {
  let text = "";
  for (const [index, part] of path.entries()) {
    if (typeof part === "number") text += `[${part}]`;
    else if (maps.has(path[index - 1] ?? "")) text += `[${JSON.stringify(String(part))}]`;
    else text += `${text === "" ? "" : "."}${protoName(String(part))}`;
  }
  return text;
}
