import { nearestWord, plainForm } from "../../base/text/nearest-word.ts";

/** What Compose and the configurations of MCP clients call these things. */
const otherNames: ReadonlyMap<string, string> = new Map([
  ["services", "servers"],
  ["mcpservers", "servers"],
  ["volumes", "mounts"],
  ["tmpfs", "mounts"],
  ["environment", "env"],
  ["envfile", "env"],
  ["entrypoint", "command"],
  ["cwd", "working_dir"],
  ["workdir", "working_dir"],
  ["readonly", "read_only_root"],
  ["networkmode", "network"],
  ["networks", "network"],
  ["healthcheck", "health"],
  ["scale", "replicas"],
  ["memlimit", "limits.memory"],
  ["pidslimit", "limits.pids"],
  ["resources", "limits"],
  ["timeout", "call_timeout"],
]);

/** The known key that was meant, most likely; undefined when none is near. Keys of parts, as `limits.memory`, too. */
export function nearestKey(word: string, known: readonly string[]): string | undefined {
  const plain = plainForm(word);
  const same = known.find((one) => plainForm(one) === plain || plainForm(lastPart(one)) === plain);
  if (same !== undefined) return same;
  const other = otherNames.get(plain);
  if (other !== undefined && known.includes(other)) return other;
  return nearestWord(
    word,
    known.filter((one) => !one.includes(".")),
  );
}

function lastPart(word: string): string {
  return word.slice(word.lastIndexOf(".") + 1);
}
