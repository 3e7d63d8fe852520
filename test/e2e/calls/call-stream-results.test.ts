import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type http from "node:http";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ManagerService } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { ResultFormat } from "../../../gen/mcpmanager/v1/tool_pb.ts";
import { heapUsed } from "../../heap.ts";
import { openClient } from "../clients.ts";
import { openRestStream, type RestProtocol, type StreamLine } from "../protocols/rest-stream.ts";
import { input, restPath, StreamStage, told } from "../streams/stream-stage.ts";

// The test starts programs; other test files do so at the same time.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

let stage: StreamStage;
beforeAll(async () => {
  stage = await StreamStage.open();
});
afterAll(() => stage[Symbol.asyncDispose]());

const kib = 1024;

describe("A result that is larger than its caller takes", () => {
  const take64 = { maxMessageBytes: 64 * kib };

  it.each([
    ["3 MB", 3_000_000, [ResultFormat.TYPED, ResultFormat.JSON]],
    ["30 MB", 30_000_000, [ResultFormat.TYPED]],
  ] as const)("comes in pieces that are the server's text together: %s", async (_size, bytes, formats) => {
    const server = await stage.started();
    for (const resultFormat of formats) {
      const events = await stage.all({ server, tool: "large", input: input({ bytes }), resultFormat, ...take64 });
      const pieces = events.flatMap(({ event }) => (event.case === "resultChunk" ? [event.value] : []));
      expect(pieces.map(({ resultJson }) => resultJson).join("")).toBe(
        JSON.stringify({ content: [{ type: "text", text: "x".repeat(bytes) }] }),
      );
      expect(pieces.length).toBe(Math.ceil(bytes / (64 * kib - 512)));
      expect(events.at(-1)?.event).toMatchObject({
        case: "result",
        value: { content: [], resultJson: "", isError: false },
      });
    }
  });

  it("comes in pieces that a client of gRPC takes by default", async () => {
    const server = await stage.started();
    using client = openClient("gRPC (grpc-js)", stage.manager.url);
    const request = (bytes: number) => ({ server, tool: "large", argumentsJson: JSON.stringify({ bytes }) });
    const events = await client.stream("CallToolStream", request(6_000_000));
    const pieces = events.flatMap(({ resultChunk }) => (resultChunk ? [resultChunk as { resultJson: string }] : []));
    expect(pieces).toHaveLength(2);
    expect(pieces.map(({ resultJson }) => resultJson).join("")).toBe(
      JSON.stringify({ content: [{ type: "text", text: "x".repeat(6_000_000) }] }),
    );
    // What it does not take.
    await expect(client.call("CallTool", request(6_000_000))).rejects.toMatchObject({ code: 8 });
  });

  it("is cut between characters, whatever stands at the cut, by every protocol", async () => {
    const server = await stage.started();
    const text = JSON.stringify(`${'🌍é€\\"\u0001\ud83d\udc69\u200d\ud83d\udc67 x'.repeat(30_000)}`);
    const json = `{"content":[{"type":"text","text":${text}}],"n":9007199254740993,"lone":"\\ud800"}`;
    const request = { server, tool: "raw", input: input({ json }), ...take64 };
    const clients = [
      stage.client,
      createClient(
        ManagerService,
        createGrpcWebTransport({ baseUrl: stage.manager.url, httpVersion: "1.1", readMaxBytes: 64 * kib }),
      ),
      createClient(
        ManagerService,
        createConnectTransport({
          baseUrl: stage.manager.url,
          httpVersion: "1.1",
          useBinaryFormat: false,
          readMaxBytes: 64 * kib,
        }),
      ),
      createClient(
        ManagerService,
        createConnectTransport({ baseUrl: stage.manager.url, httpVersion: "2", readMaxBytes: 64 * kib }),
      ),
    ];
    for (const by of clients) {
      const events = await Array.fromAsync(by.callToolStream(request));
      const pieces = events.flatMap(({ event }) => (event.case === "resultChunk" ? [event.value.resultJson] : []));
      expect(pieces.join("")).toBe(json);
      expect(pieces.every((piece) => piece.isWellFormed())).toBe(true);
    }
    const body = { tool: "raw", arguments: { json }, ...take64 };
    using stream = await openRestStream(stage.manager.url, { protocol: "HTTP/1.1", path: restPath(server), body });
    const lines = await Array.fromAsync(stream.lines);
    expect(lines.map(({ resultChunk }) => resultChunk?.resultJson ?? "").join("")).toBe(json);
    expect(Math.max(...lines.map((line) => Buffer.byteLength(JSON.stringify(line))))).toBeLessThanOrEqual(64 * kib);
  });
});

/** What the manager keeps of responses over HTTP/1.1 that the system does not take: it is in this process. */
const received: http.ServerResponse[] = [];
const noteResponse = (message: unknown) => received.push((message as { response: http.ServerResponse }).response);
beforeAll(() => subscribe("http.server.request.start", noteResponse));
afterAll(() => unsubscribe("http.server.request.start", noteResponse));

describe("A caller that does not read", () => {
  /** What Node takes of a response before it asks to wait. */
  const highWaterBytes = 64 * kib;

  async function rest(protocol: RestProtocol, server: string, body: object) {
    received.length = 0;
    const stream = await openRestStream(stage.manager.url, { protocol, path: restPath(server), body });
    return { stream, received: received[0] };
  }

  it.each(["HTTP/1.1", "HTTP/2"] as const)(
    "over %s costs the manager next to nothing in a flood of progress, and then sees the newest",
    async (protocol) => {
      const server = await stage.started();
      const message = "x".repeat(100);
      const { stream, received } = await rest(protocol, server, {
        tool: "steps",
        arguments: { count: 100_000, message },
      });
      using _left = stream;
      await expect.poll(() => stage.inFlight(server)).toBe(0n);
      if (protocol === "HTTP/1.1") expect(received?.writableLength).toBeLessThan(highWaterBytes + kib);
      const steps: number[] = [];
      let last: StreamLine | undefined;
      for await (const line of stream.lines) {
        if (line.progress !== undefined) steps.push(line.progress.progress);
        last = line;
      }
      expect(last?.result?.content[0]?.text?.text).toBe("done");
      expect(steps).toEqual([...steps].sort((a, b) => a - b));
      expect(steps.slice(-64)).toEqual(Array.from({ length: 64 }, (_, at) => 100_000 - 63 + at));
      // What a window and a buffer held, 64 KiB each, and the newest; over HTTP/1.1 the system's buffers hold some megabytes.
      if (protocol === "HTTP/2") expect(steps.length).toBeLessThan(1000);
    },
  );

  it.each(["HTTP/1.1", "HTTP/2"] as const)(
    "over %s keeps of a large result the one text, and gets all of it when it comes back",
    async (protocol) => {
      const server = await stage.started();
      const bytes = 30_000_000;
      await stage.client.callTool({ server, tool: "echo" });
      const before = heapUsed();
      const { stream, received } = await rest(protocol, server, {
        tool: "large",
        arguments: { bytes },
        maxMessageBytes: 64 * kib,
      });
      using _left = stream;
      await expect.poll(() => stage.inFlight(server)).toBe(0n);
      if (protocol === "HTTP/1.1") expect(received?.writableLength).toBeLessThan(2 * highWaterBytes + kib);
      expect(heapUsed() - before).toBeLessThan(1.5 * bytes);
      let text = "";
      for await (const { resultChunk } of stream.lines) text += resultChunk?.resultJson ?? "";
      expect(text.length).toBe(JSON.stringify({ content: [{ type: "text", text: "" }] }).length + bytes);
    },
  );

  it("learns that log lines are gone which the server's log has dropped", async () => {
    await using own = await StreamStage.open({ MCPM_LOG_RING_BYTES: "65536" });
    const server = await own.started();
    const log = `{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"${"x".repeat(1000)}"}}`;
    const done = '{"jsonrpc":"2.0","id":ID,"result":{"content":[]}}';
    const lines = [...Array.from({ length: 8000 }, () => log), done];
    const body = { tool: "lines", arguments: { lines } };
    using stream = await openRestStream(own.manager.url, { protocol: "HTTP/2", path: restPath(server), body });
    await expect.poll(() => own.inFlight(server)).toBe(0n);
    let [seen, lost] = [0, 0];
    let last: StreamLine | undefined;
    for await (const line of stream.lines) {
      if (line.log !== undefined) seen += 1;
      lost += Number(line.gap?.lines ?? 0);
      last = line;
    }
    expect(lost).toBeGreaterThan(0);
    expect(seen + lost).toBe(8000);
    expect(last?.result).toBeDefined();
  });
});

describe("A caller that reads as it comes", () => {
  it("sees a flood of progress in order, up to the last, beside calls that don't notice", async () => {
    const server = await stage.started();
    const flood = stage.all({ server, tool: "steps", input: input({ count: 100_000 }) });
    const echoes = await Promise.all(
      Array.from({ length: 50 }, (_, at) => stage.all({ server, tool: "echo", input: input({ text: String(at) }) })),
    );
    expect(echoes.map((events) => told(events).at(-1))).toEqual(Array.from({ length: 50 }, (_, at) => String(at)));
    const steps = told(await flood);
    expect(steps.at(-1)).toBe("done");
    expect(steps.at(-2)).toBe(100_000);
    expect(steps.slice(0, -1)).toEqual(steps.slice(0, -1).sort((a, b) => Number(a) - Number(b)));
  });
});
