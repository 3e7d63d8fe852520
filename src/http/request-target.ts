/** A request target (RFC 9112, 3.2): the path with the query, and the authority when the request line names one. */
export interface RequestTarget {
  readonly path: string;
  readonly authority?: string;
}

/**
 * Reads a request target, which may be a whole URL (RFC 9112, 3.2.2). Undefined for what is neither, and for a path
 * with a segment `.` or `..`, however it is written: readers of it would not agree which path it is.
 */
export function readRequestTarget(url: string): RequestTarget | undefined {
  if (dotSegment.test(url.replace(/[?#].*$/s, ""))) return undefined;
  if (url.startsWith("/") || url === "*") return { path: url };
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) return undefined;
  const { host, pathname, search } = new URL(url);
  return { path: `${pathname}${search}`, authority: host };
}

/** URL takes a backslash for a slash. */
const dotSegment = /[/\\](?:\.|%2e){1,2}(?:[/\\]|$)/i;
