import { truncateUtf8 } from "../../../base/text/truncate.ts";

/** What an image says of its users and groups: /etc/passwd and /etc/group; empty where it has none. */
export interface UserFiles {
  readonly passwd: string;
  readonly group: string;
}

/**
 * The numbers of a `user`, `uid`, `user:group` or `uid:gid`, as the engine would find them: the first matching line
 * counts, digits are always a number and never a name, and a uid without a line has group 0. When they can't be told,
 * the end of a sentence that says why. The engine accepts some malformed lines; this does not, since no honest image
 * has them.
 */
export function resolveUser(user: string, { passwd, group }: UserFiles): { numbers: string } | { problem: string } {
  const [userPart = "", groupPart = ""] = split(user);
  const account = entries(passwd).find((entry) => fits(entry, userPart));
  const uid = numericId(account?.[2] ?? (isDigits(userPart) ? userPart : undefined));
  if (uid === undefined) return { problem: `has no user ${quoted(userPart)} in its /etc/passwd` };
  if (groupPart === "") {
    const gid = numericId(account === undefined ? "0" : account[3]);
    return gid === undefined ? { problem: `has no group for ${quoted(userPart)} in its /etc/passwd` } : pair(uid, gid);
  }
  const line = entries(group).find((entry) => fits(entry, groupPart));
  const gid = numericId(line?.[2] ?? (isDigits(groupPart) ? groupPart : undefined));
  return gid === undefined ? { problem: `has no group ${quoted(groupPart)} in its /etc/group` } : pair(uid, gid);
}

/** An image may call its user anything. */
export function quoted(name: string): string {
  return JSON.stringify(truncateUtf8(name, { maxBytes: 128, keep: "start" }));
}

function pair(uid: number, gid: number): { numbers: string } {
  return { numbers: `${uid}:${gid}` };
}

/** An empty part means root. */
function split(user: string): [string, string] {
  const colon = user.indexOf(":");
  const [userPart, groupPart] = colon < 0 ? [user, ""] : [user.slice(0, colon), user.slice(colon + 1)];
  return [userPart === "" ? "0" : userPart, groupPart];
}

function entries(text: string): string[][] {
  return text.split("\n").map((line) => line.trim().split(":"));
}

/** Third of both files is the number. */
function fits(entry: readonly string[], wanted: string): boolean {
  return isDigits(wanted)
    ? numericId(entry[2]) === numericId(wanted) && numericId(wanted) !== undefined
    : entry[0] === wanted;
}

function isDigits(text: string): boolean {
  return /^[0-9]+$/.test(text);
}

/** The engine accepts no larger number. */
const maxId = 2_147_483_647;

function numericId(text: string | undefined): number | undefined {
  const id = text !== undefined && /^[0-9]{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return id <= maxId ? id : undefined;
}
