import { overlaps, parseSubnet, type Subnet } from "../../../base/text/subnet.ts";

/** Of a server's network, /29: the network, its gateway, broadcast, and room for a container and its successor. */
export const networkSize = 8;

/** The parts of these blocks, in order, that overlap none of what is taken. What is no IPv4 block is no matter. */
export function* freeSubnets(blocks: readonly string[], taken: readonly string[]): Generator<Subnet> {
  const used = taken.map(parseSubnet).filter((block) => block !== undefined);
  for (const block of blocks.map(parseSubnet)) {
    if (block === undefined) continue;
    const near = used.filter((one) => overlaps(one, block));
    for (let first = block.first; first + networkSize <= block.first + block.size; first += networkSize) {
      const subnet = { first, size: networkSize };
      if (!near.some((one) => overlaps(one, subnet))) yield subnet;
    }
  }
}
