import { describe, expect, it } from "vitest";
import { formatSubnet, parseSubnet } from "../../../../src/base/text/subnet.ts";
import { freeSubnets } from "../../../../src/runtime/docker/networks/free-subnets.ts";

const free = (blocks: string[], taken: string[]) => [...freeSubnets(blocks, taken)].map(formatSubnet);

describe("The subnets that are free", () => {
  it("are the parts of all blocks, in order", () => {
    expect(free(["10.0.0.0/28", "192.168.255.248/29"], [])).toEqual([
      "10.0.0.0/29",
      "10.0.0.8/29",
      "192.168.255.248/29",
    ]);
  });

  it("overlap nothing that is taken, larger or smaller", () => {
    expect(free(["10.0.0.0/27"], ["10.0.0.8/29", "10.0.0.17/32"])).toEqual(["10.0.0.0/29", "10.0.0.24/29"]);
    expect(free(["10.0.0.0/28"], ["10.0.0.0/8"])).toEqual([]);
    expect(free(["10.0.0.0/29"], ["fd00::/64", "", "10.0.0.0/33"])).toEqual(["10.0.0.0/29"]);
  });

  it("begin at once in a large block", () => {
    expect(freeSubnets(["10.0.0.0/8"], ["10.0.0.0/30"]).next().value).toEqual(parseSubnet("10.0.0.8/29"));
  });
});

describe("A subnet", () => {
  it.each(["0.0.0.0/0", "10.1.2.0/24", "255.255.255.255/32", "128.0.0.0/1"])("%s is read and written", (text) => {
    const subnet = parseSubnet(text);
    expect(subnet && formatSubnet(subnet)).toBe(text);
  });

  it.each(["", "10.0.0.0", "10.0.0.0/33", "256.0.0.0/8", "::/0", "10.0.0/8"])("is not %j", (text) => {
    expect(parseSubnet(text)).toBeUndefined();
  });
});
