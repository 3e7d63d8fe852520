import { isAbsolute } from "node:path";
import { normalPath } from "../../base/text/normal-path.ts";
import { formatSubnet, parseSubnet } from "../../base/text/subnet.ts";
import { SettingProblem } from "./setting.ts";

export const mib = 1024 * 1024;

/** The highest id of a user or group that the engine takes. */
const maxId = 2_147_483_647;

export function text(pattern: RegExp, rule: string): (value: string) => string {
  return (value) => {
    if (!pattern.test(value)) throw new SettingProblem(rule);
    return value;
  };
}

export function oneOf<const T extends string>(words: readonly T[]): (value: string) => T {
  return (value) => {
    const word = words.find((candidate) => candidate === value);
    if (word === undefined) throw new SettingProblem(`must be ${words.join(" or ")}`);
    return word;
  };
}

export function integer(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = /^[0-9]{1,16}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max)) throw new SettingProblem(`must be an integer from ${min} to ${max}`);
    return number;
  };
}

export function decimal(min: number, max: number): (value: string) => number {
  return (value) => {
    const number = /^[0-9]+(\.[0-9]+)?$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= min && number <= max)) throw new SettingProblem(`must be a number from ${min} to ${max}`);
    return number;
  };
}

export function flag(value: string): boolean {
  return oneOf(["0", "1"])(value) === "1";
}

/** Comma-separated entries; spaces around them don't count, empty ones neither. */
export function list<T>(parseEntry: (entry: string) => T): (value: string) => readonly T[] {
  return (value) =>
    value
      .split(",")
      .map((entry) => entry.trim())
      .filter((entry) => entry !== "")
      .map(parseEntry);
}

export function absolutePath(value: string): string {
  if (!isAbsolute(value)) throw new SettingProblem(`must hold absolute paths, not ${JSON.stringify(value)}`);
  return normalPath(value);
}

/** `uid:gid`, in the form in which the engine gets it. */
export function userAndGroup(value: string): string {
  const ids = /^[0-9]{1,10}:[0-9]{1,10}$/.test(value) ? value.split(":").map(Number) : [];
  if (ids.length === 0 || ids.some((id) => id > maxId)) {
    throw new SettingProblem(`must hold numbers of 0 to ${maxId} as uid:gid, e.g. 1000:1000`);
  }
  return ids.join(":");
}

/** A block of IPv4 addresses with room for at least eight. */
export function subnet(value: string): string {
  const block = parseSubnet(value);
  if (block === undefined || block.size < 8 || formatSubnet(block) !== value) {
    throw new SettingProblem("must hold IPv4 subnets of at least eight addresses, e.g. 10.231.0.0/20");
  }
  return value;
}
