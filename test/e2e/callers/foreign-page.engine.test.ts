// A real browser, on pages of other origins of this machine. Where there is none, it is left out, and its title says so.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { LogSource, ManagerService } from "../../../gen/mcpmanager/v1/manager_pb.ts";
import { ServerState } from "../../../gen/mcpmanager/v1/server_pb.ts";
import { hostileSpec, randomName, TestManager } from "../test-manager.ts";
import { foreignPage, ways } from "./page/foreign-page.ts";

const browser = findBrowser();
const title = "A page of another origin";

describe.skipIf(browser === undefined)(browser ? title : `${title} (left out: there is no Chromium or Chrome)`, () => {
  it("reaches no server and wakes none, in whatever way it asks", async () => {
    await using opened = new AsyncDisposableStack();
    const manager = opened.use(await TestManager.start());
    const server = randomName();
    await manager.client.start({ name: server, spec: { ...hostileSpec(), idleTimeout: { nanos: 100_000_000 } } });
    await expect.poll(async () => (await manager.client.get({ name: server })).server?.state).toBe(ServerState.IDLE);
    const before = await lifeOf(manager, server);

    // Each URL would reach the server. Its number tells which way it was asked for.
    const urls = [
      (page: number) => `/servers/${server}/tools?page_size=${page}`,
      (page: number) => `/${ManagerService.typeName}/ReadResource?${connectGet({ server, uri: `by:${page}` })}`,
    ];
    const between = opened.use(await Between.open(manager.app.port));
    const expected = new Set<string>();
    const pages = opened.use(
      await serve(0, (url) => {
        const [, host = "", index = "0"] = /^\/(\w+)\/(\d)$/.exec(url) ?? [];
        const [path] = urls.slice(Number(index));
        if (path === undefined || host === "") return undefined;
        const first = (host === "ip" ? 100 : 200) + Number(index) * 50;
        const next = nextPage(host, Number(index));
        return foreignPage((way) => {
          const asked = path(first + ways.indexOf(way));
          expected.add(asked);
          return `http://127.0.0.1:${between.port}${asked}`;
        }, next);
      }),
    );
    function nextPage(host: string, index: number): string | undefined {
      if (index + 1 < urls.length) return `/${host}/${index + 1}`;
      return host === "ip" ? `http://localhost:${pages.port}/name/0` : undefined;
    }

    opened.use(await browse(`http://127.0.0.1:${pages.port}/ip/0`));
    await expect.poll(() => expected.size, { timeout: 30_000 }).toBe(2 * urls.length * ways.length);
    await expect.poll(() => between.unanswered(expected), { timeout: 30_000 }).toEqual([]);
    // The window that was opened has an icon, which is its own page's.
    const others = between.received.filter(({ url }) => url !== "/favicon.ico");
    expect(others.filter(({ status }) => status !== 403)).toEqual([]);
    expect(await lifeOf(manager, server)).toEqual(before);

    // A program that asks for just that is served, and wakes the server.
    const [woken = ""] = expected;
    expect((await fetch(`${manager.url}${woken}`)).status).toBe(200);
    expect(await lifeOf(manager, server)).not.toEqual(before);
  });
});

function findBrowser(): string | undefined {
  try {
    return execFileSync("scripts/tools/find-browser", { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
}

function connectGet(message: object): URLSearchParams {
  return new URLSearchParams({ connect: "v1", encoding: "json", message: JSON.stringify(message) });
}

/** What has happened to a server. */
async function lifeOf(manager: TestManager, server: string): Promise<unknown[]> {
  const events = await Array.fromAsync(manager.client.logs({ server, sources: [LogSource.LIFECYCLE] }));
  return events.map(({ event }) => event);
}

interface Open extends AsyncDisposable {
  readonly port: number;
}

async function serve(port: number, page: (url: string) => string | undefined): Promise<Open> {
  const server = http.createServer(({ url = "" }, response) => {
    const text = page(url);
    response.writeHead(text === undefined ? 404 : 200, { "content-type": "text/html" }).end(text);
  });
  return listening(server, port);
}

async function listening(server: http.Server, port = 0): Promise<Open> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

/** Hands on to the manager, as it came, what the browser asks for, and keeps what was answered. */
class Between implements AsyncDisposable {
  readonly received: { readonly method: string; readonly url: string; readonly status: number }[] = [];
  readonly #open: Open;

  private constructor(open: Open) {
    this.#open = open;
  }

  static async open(to: number): Promise<Between> {
    let between: Between | undefined;
    const server = http.createServer((request, response) => {
      const { method = "", url = "", rawHeaders } = request;
      const forwarded = http.request({
        host: "127.0.0.1",
        port: to,
        method,
        path: url,
        headers: rawHeaders,
        agent: false,
      });
      forwarded.on("response", (received) => {
        response.writeHead(received.statusCode ?? 0, received.rawHeaders);
        received.pipe(response);
        received.on("end", () => between?.received.push({ method, url, status: received.statusCode ?? 0 }));
      });
      forwarded.on("error", () => response.destroy());
      request.pipe(forwarded);
    });
    between = new Between(await listening(server));
    return between;
  }

  get port(): number {
    return this.#open.port;
  }

  /** Those of these that were not asked for yet, or not answered. */
  unanswered(urls: ReadonlySet<string>): string[] {
    const got = new Set(this.received.map(({ url }) => normal(url)));
    return [...urls].filter((url) => !got.has(normal(url)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve(this.#open[Symbol.asyncDispose]());
  }
}

/** A browser escapes some characters in its own way. */
function normal(url: string): string {
  const { pathname, searchParams } = new URL(url, "http://x");
  return `${pathname}?${JSON.stringify([...searchParams])}`;
}

/** Opens a page in a browser without a window and with an empty profile. */
async function browse(url: string): Promise<AsyncDisposable> {
  const profile = await mkdtemp(join(tmpdir(), "mcpm-browser-"));
  const quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
  const flags = [
    "--headless",
    "--no-sandbox",
    "--disable-component-update",
    "--disable-sync",
    "--disable-popup-blocking",
  ];
  const args = [...flags, ...quiet, "--remote-debugging-port=0", `--user-data-dir=${profile}`, url];
  const child = spawn(browser ?? "", args, { stdio: "ignore", detached: true });
  return {
    async [Symbol.asyncDispose]() {
      const exited = once(child, "exit");
      // With its helpers, which are in its group.
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
      if (child.exitCode === null) await exited;
      await rm(profile, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}
