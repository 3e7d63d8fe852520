/**
 * What a failed pull comes to, by the engine's words for it. They may hold what a registry, or whatever stood at its
 * address, answered: callers get the class, the words are for the log.
 */
const classes: readonly (readonly [RegExp, string])[] = [
  [/no space left|disk quota exceeded|read-only file system|failed to register layer/i, "the engine can't store it"],
  [/toomanyrequests|too many requests|rate limit/i, "its registry refuses so many pulls: try again later"],
  [
    /unauthorized|authentication required|incorrect username|no basic auth credentials|invalid credentials/i,
    "its registry does not accept the manager's credentials: see `docker login` and DOCKER_CONFIG",
  ],
  [
    /manifest unknown|not found|does not exist|access denied|access to the resource is denied|name unknown/i,
    "its registry has no such image, or this manager has no access to it",
  ],
  [
    /no such host|dial tcp|lookup |connection re(?:fused|set)|unreachable|time-?out|deadline exceeded|x509|tls|http response to https|\bEOF\b|server misbehaving|proxyconnect/i,
    "its registry can't be reached from the engine",
  ],
];

/** The end of a sentence that says why an image can't be had. */
export function pullFailure(engineText: string): string {
  const found = classes.find(([pattern]) => pattern.test(engineText));
  return found?.[1] ?? "the pull failed; the manager's log has the engine's words";
}
