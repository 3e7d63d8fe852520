import { once } from "node:events";
import { connect, type ServerHttp2Stream } from "node:http2";
import { describe, expect, it, vi } from "vitest";
import { MessageWriter } from "../../../../src/rpc/fast-path/grpc/message-writer.ts";
import { Listener } from "../../../../src/server/listener.ts";

/** A stream from its caller's side, and the writer at the other end of it. */
async function open() {
  const taken = Promise.withResolvers<ServerHttp2Stream>();
  const listener = await Listener.open({
    host: "127.0.0.1",
    port: 0,
    handler: (_request, response) => response.end(),
    streams: (stream) => {
      stream.on("error", () => {});
      taken.resolve(stream);
      return true;
    },
  });
  const session = connect(`http://127.0.0.1:${listener.port}`);
  const caller = session.request({ ":method": "POST" });
  caller.on("error", () => {});
  const stream = await taken.promise;
  const close = async () => {
    session.destroy();
    await listener.close({ graceMs: 0 });
  };
  return { caller, stream, writer: new MessageWriter(stream, { add() {} }), [Symbol.asyncDispose]: close };
}

describe("MessageWriter", () => {
  it("sends what comes just when all before it was taken", async () => {
    await using opened = await open();
    const { caller, stream, writer } = opened;
    const write = stream.write.bind(stream) as (chunk: Buffer, taken: () => void) => boolean;
    let writes = 0;
    stream.write = ((chunk: Buffer, taken: () => void) =>
      write(chunk, () => {
        taken();
        writes += 1;
        if (writes === 1) queueMicrotask(() => writer.add(Buffer.from("b")));
      })) as typeof stream.write;
    writer.add(Buffer.from("a"));
    const [first] = (await once(caller, "data")) as [Buffer];
    expect(first.toString()).toBe("a");
    const [second] = (await once(caller, "data")) as [Buffer];
    expect(second.toString()).toBe("b");
  });

  it("lets as much wait as its caller has taken so far, and 256 KiB at most", async () => {
    await using opened = await open();
    const { caller, stream, writer } = opened;
    const kib = 1024;
    const taken: (() => void)[] = [];
    stream.write = ((_chunk: Buffer, done: () => void) => taken.push(done) > 0) as typeof stream.write;
    const filled = async () => {
      let bytes = 0;
      for (; writer.room() === undefined; bytes += kib) writer.add(Buffer.alloc(kib));
      await vi.waitFor(() => expect(taken).toHaveLength(1));
      return bytes / kib;
    };
    const waiting: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      waiting.push(await filled());
      taken.pop()?.();
      await vi.waitFor(() => expect(writer.room()).toBeUndefined());
    }
    expect(waiting).toEqual([16, 16, 32, 64, 128, 256, 256]);
    caller.destroy();
  });

  it("ends the stream when its headers can't be sent", async () => {
    await using opened = await open();
    const { caller, writer } = opened;
    writer.header = new Headers({ connection: "close" });
    writer.add(Buffer.from("a"));
    await once(caller, "close");
    await writer.end({});
  });
});
