import { invalidRequest } from "../../base/errors/errors.ts";

/** One page of a list, and where the next starts; empty when this is the last. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken: string;
}

export interface PageRequest {
  /** 0: the default. */
  readonly pageSize: number;
  /** Empty: from the start. */
  readonly pageToken: string;
}

/**
 * A page of items in the order of their keys. A token holds the last key, so that items which come and go between two
 * pages neither repeat others nor hide them. Throws `invalid` for a text that is not a token.
 */
export function pageByKey<T>(
  items: readonly T[],
  options: PageRequest & { defaultSize: number; key: (item: T) => string },
): Page<T> {
  const { key } = options;
  const after = options.pageToken === "" ? "" : decodeToken(options.pageToken);
  const sorted = items.filter((item) => key(item) > after).sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const page = sorted.slice(0, options.pageSize || options.defaultSize);
  const last = page.at(-1);
  return {
    items: page,
    nextPageToken: last !== undefined && page.length < sorted.length ? encodeToken(key(last)) : "",
  };
}

/** A page of items in their own order. Throws `invalid` for a text that is not a token. */
export function pageByPosition<T>(items: readonly T[], options: PageRequest & { defaultSize: number }): Page<T> {
  const text = options.pageToken === "" ? "0" : decodeToken(options.pageToken);
  if (!/^[0-9]{1,9}$/.test(text)) throw badToken();
  const start = Number(text);
  const end = start + (options.pageSize || options.defaultSize);
  return { items: items.slice(start, end), nextPageToken: end < items.length ? positionToken(end) : "" };
}

/** The token of the page that begins with this item, counted from 0. */
export function positionToken(position: number): string {
  return encodeToken(String(position));
}

function encodeToken(key: string): string {
  return Buffer.from(`k${key}`).toString("base64url");
}

/** What a token says; undefined for a text that is not one. */
function tokenKey(token: string): string | undefined {
  const text = Buffer.from(token, "base64url").toString("utf8");
  return text.startsWith("k") && encodeToken(text.slice(1)) === token ? text.slice(1) : undefined;
}

/** Whether a text may be a token. Whether it belongs to a listing, only the listing can tell. */
export function isPageToken(token: string): boolean {
  return token === "" || tokenKey(token) !== undefined;
}

export const notPageToken = "must be a next_page_token of the same list";

function decodeToken(token: string): string {
  const key = tokenKey(token);
  if (key === undefined) throw badToken();
  return key;
}

function badToken() {
  return invalidRequest([{ field: "page_token", description: notPageToken }]);
}
