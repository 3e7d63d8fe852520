import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { parseDockerHost } from "../../../src/runtime/docker/engine/docker-address.ts";

/** Which requests are meant, by their path without the API's version. */
export type PathFilter = (path: string) => boolean;

const requestLine = /^[A-Z]+ (?:\/v[\d.]+)?(\S+) /;

/** A socket in front of the real engine that can go away, or lose single connections. Leaves nothing behind. */
export class EngineProxy implements AsyncDisposable {
  /** Requests that are cut off at once, for as long as this stands. */
  refused: PathFilter = () => false;
  /** Requests that get a response here, with this status and text, instead of by the engine. */
  override: (path: string) => { readonly status: number; readonly message: string } | undefined = () => undefined;
  /** What to make of the JSON of a response before it goes on; undefined: it goes on as it is. */
  edited: (path: string) => ((json: never) => unknown) | undefined = () => undefined;
  readonly #target: string;
  readonly #folder: string;
  readonly #open = new Map<net.Socket, string>();
  readonly #muted = new WeakSet<net.Socket>();
  #server = net.createServer();

  private constructor(folder: string, target: string) {
    this.#folder = folder;
    this.#target = target;
  }

  static async listen(dockerHost = process.env.DOCKER_HOST): Promise<EngineProxy> {
    const address = parseDockerHost(dockerHost, false);
    if (address.kind !== "local") throw new Error("the tests' engine is not on this machine");
    const proxy = new EngineProxy(await mkdtemp(path.join(tmpdir(), "mcpm-proxy-")), address.socketPath);
    await proxy.putBack();
    return proxy;
  }

  /** As DOCKER_HOST. */
  get host(): string {
    return `unix://${path.join(this.#folder, "sock")}`;
  }

  /** What was asked for on each connection that is open, first. */
  get open(): string[] {
    return [...this.#open.values()].sort();
  }

  /** Closes connections that are open. */
  cut(which: PathFilter): void {
    for (const [socket, requested] of this.#open) if (which(requested)) socket.destroy();
  }

  /** Lets nothing of the engine through any more, on connections that stay open. */
  mute(which: PathFilter): void {
    for (const [socket, requested] of this.#open) if (which(requested)) this.#muted.add(socket);
  }

  /** The socket is gone, and every connection through it. */
  async takeAway(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.cut(() => true);
    await closed;
  }

  async putBack(): Promise<void> {
    this.#server = net.createServer((socket) => this.#accept(socket));
    this.#server.listen(path.join(this.#folder, "sock"));
    await once(this.#server, "listening");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.takeAway();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #edit(client: net.Socket, { path, edit }: { path: string; edit: (json: never) => unknown }): Promise<void> {
    const request = http.request({ socketPath: this.#target, path });
    request.end();
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    const body = await text(response);
    const status = response.statusCode ?? 0;
    respond(client, { status, body: status === 200 ? JSON.stringify(edit(JSON.parse(body) as never)) : body });
  }

  #accept(client: net.Socket): void {
    client.once("data", (first) => {
      const requested = requestLine.exec(first.toString("latin1"))?.[1] ?? "";
      if (this.refused(requested)) {
        client.destroy();
        return;
      }
      const override = this.override(requested);
      if (override !== undefined) {
        respond(client, { status: override.status, body: JSON.stringify({ message: override.message }) });
        return;
      }
      const edit = this.edited(requested);
      if (edit !== undefined) {
        void this.#edit(client, { path: requested, edit });
        return;
      }
      const engine = net.connect(this.#target);
      this.#open.set(client, requested);
      client.on("close", () => this.#open.delete(client) && engine.destroy());
      engine.on("close", () => client.destroy());
      engine.on("error", () => client.destroy());
      engine.write(first);
      client.pipe(engine);
      engine.on("data", (chunk) => {
        if (!this.#muted.has(client)) client.write(chunk);
      });
    });
    client.on("error", () => client.destroy());
  }
}

function respond(client: net.Socket, { status, body }: { status: number; body: string }): void {
  const head = [`HTTP/1.1 ${status} X`, "Content-Type: application/json", "Connection: close"];
  client.end([...head, `Content-Length: ${Buffer.byteLength(body)}`, "", body].join("\r\n"));
}
