/** A block of IPv4 addresses. */
export interface Subnet {
  readonly first: number;
  /** How many addresses. */
  readonly size: number;
}

/** Reads `10.0.0.0/8`; undefined when it is not a subnet. Bits below the prefix don't count. */
export function parseSubnet(text: string): Subnet | undefined {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text)?.slice(1).map(Number) ?? [];
  const prefix = parts.pop();
  if (prefix === undefined || prefix > 32 || parts.some((part) => part > 255)) return undefined;
  const size = 2 ** (32 - prefix);
  const address = parts.reduce((all, part) => all * 256 + part, 0);
  return { first: address - (address % size), size };
}

export function formatSubnet({ first, size }: Subnet): string {
  const bytes = [24, 16, 8, 0].map((bits) => Math.floor(first / 2 ** bits) % 256);
  return `${bytes.join(".")}/${32 - Math.log2(size)}`;
}

export function overlaps(a: Subnet, b: Subnet): boolean {
  return a.first < b.first + b.size && b.first < a.first + a.size;
}
