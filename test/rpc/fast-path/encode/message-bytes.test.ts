import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { describe, expect, it } from "vitest";
import { MessageBytes } from "../../../../src/rpc/fast-path/encode/message-bytes.ts";

/** Around the sizes at which the buffer grows the first and the second time. */
const sizesBefore = Array.from({ length: 1100 }, (_, bytes) => bytes);

describe("MessageBytes", () => {
  it.each([0, 1, 2, 3])("keeps the %i bytes before a long part, wherever in the buffer they are", (bytes) => {
    const [short, long] = [Buffer.alloc(bytes, 1), Buffer.alloc(5000, 2)];
    const broken = sizesBefore.filter((size) => {
      const before = Buffer.alloc(size, 3);
      const ours = new MessageBytes().raw(before).nested((to) => void to.raw(short).raw(long), undefined);
      const theirs = new BinaryWriter().raw(before).bytes(Buffer.concat([short, long]));
      return !ours.whole(0).equals(theirs.finish());
    });
    expect(broken).toEqual([]);
  });
});
