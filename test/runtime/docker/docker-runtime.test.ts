import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { type Log, silentLog } from "../../../src/base/log/log.ts";
import { createDockerRuntime } from "../../../src/runtime/docker/docker-runtime.ts";
import type { DockerRuntimeOptions } from "../../../src/runtime/docker/docker-runtime-options.ts";
import type { Runtime } from "../../../src/runtime/runtime.ts";
import { FakeEngine } from "./fake-engine.ts";

function runtimeOn(dockerHost: string, options: Partial<DockerRuntimeOptions> = {}): Runtime {
  return createDockerRuntime({ dockerHost, fleet: "blue", bindRoots: ["/"], log: silentLog, ...options });
}

const engineUnavailable = { kind: "unavailable", details: { reason: "ENGINE_UNAVAILABLE", delivery: "not_sent" } };

describe("DockerRuntime", () => {
  afterEach(() => vi.unstubAllEnvs());

  test("says what to do when no engine listens", async () => {
    await using runtime = runtimeOn("unix:///nonexistent/docker.sock");
    await expect(runtime.version({})).rejects.toMatchObject({
      ...engineUnavailable,
      message: expect.stringMatching(/unix:\/\/\/nonexistent\/docker\.sock .*ENOENT.*DOCKER_HOST/),
    });
    await expect(runtime.list({})).rejects.toMatchObject(engineUnavailable);
    await expect(runtime.remove("0".repeat(64), {})).rejects.toMatchObject(engineUnavailable);
  });

  test("says so when the engine hangs up", async () => {
    await using engine = await FakeEngine.listen((request) => request.socket.destroy());
    await using runtime = runtimeOn(engine.dockerHost);
    await expect(runtime.version({})).rejects.toMatchObject(engineUnavailable);
  });

  test("passes on the engine's words when it fails", async () => {
    await using engine = await FakeEngine.listen((_request, response) =>
      response.writeHead(500, { "content-type": "application/json" }).end('{"message":"disk full"}'),
    );
    await using runtime = runtimeOn(engine.dockerHost);
    await expect(runtime.list({})).rejects.toMatchObject({
      kind: "unavailable",
      message: "the Docker engine could not list containers: disk full",
      details: { reason: "ENGINE_ERROR" },
    });
  });

  test("stops waiting for an engine that does not answer when its caller leaves", async () => {
    const asked = Promise.withResolvers<void>();
    await using engine = await FakeEngine.listen(() => asked.resolve());
    await using runtime = runtimeOn(engine.dockerHost);
    const abort = new AbortController();
    const listing = runtime.list({ signal: abort.signal });
    await asked.promise;
    abort.abort();
    await expect(listing).rejects.toMatchObject({ kind: "cancelled" });
    await expect(runtime.version({ signal: AbortSignal.abort() })).rejects.toMatchObject({ kind: "cancelled" });
  });

  test("stops waiting in the middle of a response, too", async () => {
    await using engine = await FakeEngine.listen((_request, response) => {
      response.writeHead(200).write("[");
    });
    await using runtime = runtimeOn(engine.dockerHost);
    await expect(runtime.list({ signal: AbortSignal.timeout(50) })).rejects.toMatchObject({ kind: "deadline" });
  });

  test("goes to the engine it was given, whatever the environment says", async () => {
    vi.stubEnv("DOCKER_HOST", "tcp://127.0.0.1:1");
    await using engine = await FakeEngine.listen((_request, response) => response.end('{"Version":"99"}'));
    await using runtime = runtimeOn(engine.dockerHost);
    expect(await runtime.version({})).toBe("99");
  });

  test("puts the spec into the body of a create request, never into the URL", async () => {
    const request = Promise.withResolvers<{ url: string; body: string }>();
    await using engine = await FakeEngine.listen((incoming, response) => {
      void text(incoming).then((body) => {
        if (incoming.url?.startsWith("/images/")) return response.end('{"Id": "sha256:0"}');
        if (incoming.method === "POST") request.resolve({ url: incoming.url ?? "", body });
        return response.writeHead(404).end('{"message":"No such image"}');
      });
    });
    await using runtime = runtimeOn(engine.dockerHost);
    const spec = { image: "a", env: { TOKEN: "hunter2", BIG: "x".repeat(200_000) } };
    await expect(runtime.create({ server: "files", instance: "i", replica: 0, spec }, {})).rejects.toMatchObject({
      kind: "not_found",
      details: { reason: "IMAGE_UNAVAILABLE" },
    });
    const { url, body } = await request.promise;
    expect(url).toBe("/containers/create?name=mcp-blue.files");
    expect(JSON.parse(body)).toMatchObject({ Image: "a", Env: ["HOME=/tmp", expect.any(String), expect.any(String)] });
  });

  test("denies bind mounts on a remote engine", async () => {
    await using runtime = runtimeOn("tcp://127.0.0.1:1");
    const spec = { image: "a", mounts: [{ type: "bind" as const, source: "/etc", target: "/data" }] };
    await expect(runtime.check(spec, {})).rejects.toMatchObject({
      kind: "denied",
      details: { reason: "BIND_NOT_ALLOWED", violations: [{ field: "spec.mounts[0].source" }] },
    });
  });

  test.each(["../containers/abc", "a?force=1", "a b", "", "a/../../b"])(
    "refuses %j as an image before it gets into a URL",
    async (image) => {
      await using runtime = runtimeOn("unix:///nonexistent/docker.sock");
      await expect(runtime.hasImage({ image }, {})).rejects.toMatchObject({
        kind: "invalid",
        details: { violations: [{ field: "spec.image" }] },
      });
    },
  );

  test.each([
    ["busybox", "busybox", "latest"],
    ["busybox:1", "busybox", "1"],
    ["localhost:5000/me/x", "localhost:5000/me/x", "latest"],
    ["localhost:5000/me/x:2.1", "localhost:5000/me/x", "2.1"],
    ["busybox@sha256:abc", "busybox", "sha256:abc"],
    ["busybox:1@sha256:abc", "busybox:1", "sha256:abc"],
  ])("pulls of %s one tag or digest, never all there are", async (image, fromImage, tag) => {
    const pulled = Promise.withResolvers<string>();
    await using engine = await FakeEngine.listen((request, response) => {
      if (request.method === "POST") pulled.resolve(request.url ?? "");
      response.writeHead(404).end('{"message":"no such image"}');
    });
    await using runtime = runtimeOn(engine.dockerHost, { registries: ["localhost:5000"] });
    await expect(runtime.prepare({ image }, {})).rejects.toMatchObject({ kind: "not_found" });
    const { searchParams } = new URL(await pulled.promise, "http://engine");
    expect(Object.fromEntries(searchParams)).toEqual({ fromImage, tag });
  });

  test("pulls with the credentials of the image's registry, and says what kind of failure there was", async () => {
    const pulled = Promise.withResolvers<{ url: string; auth: string }>();
    await using engine = await FakeEngine.listen((request, response) => {
      if (request.method === "GET") return response.writeHead(404).end('{"message":"no such image"}');
      pulled.resolve({ url: request.url ?? "", auth: String(request.headers["x-registry-auth"]) });
      return response.end('{"status":"Pulling","id":"1"}\r\n{"error":"toomanyrequests: slow down"}\r\n');
    });
    const dockerConfigDir = await mkdtemp(path.join(tmpdir(), "mcpm-docker-config-"));
    onTestFinished(() => rm(dockerConfigDir, { recursive: true }));
    const auth = Buffer.from("me:secret").toString("base64");
    await writeFile(path.join(dockerConfigDir, "config.json"), JSON.stringify({ auths: { "ghcr.io": { auth } } }));
    await using runtime = runtimeOn(engine.dockerHost, { dockerConfigDir });
    const lines: string[] = [];
    const preparing = runtime.prepare({ image: "ghcr.io/me/x" }, { onProgress: (line) => lines.push(line) });
    await expect(preparing).rejects.toMatchObject({
      kind: "not_found",
      message:
        "the image ghcr.io/me/x is not on the engine and can't be pulled: its registry refuses so many pulls: try again later",
      details: { reason: "IMAGE_UNAVAILABLE", delivery: "not_sent" },
    });
    const request = await pulled.promise;
    expect(request.url).toBe("/images/create?fromImage=ghcr.io%2Fme%2Fx&tag=latest");
    expect(JSON.parse(Buffer.from(request.auth, "base64url").toString())).toEqual({
      username: "me",
      password: "secret",
      serveraddress: "ghcr.io",
    });
    expect(lines).toEqual(["1: Pulling"]);
  });

  const pulls = [
    { pull: "in the stream", respond: (text: string) => [200, { error: text }] as const },
    { pull: "by its status", respond: (text: string) => [500, { message: text }] as const },
  ];
  test.each(pulls)("keeps a registry's words to the log: $pull", async ({ respond }) => {
    const words = 'Get "https://r.example/v2/": unexpected status: root:x:0:0 \u001b[2J\u202e';
    await using engine = await FakeEngine.listen((request, response) => {
      const [status, body] = request.method === "GET" ? ([404, {}] as const) : respond(words);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
    const logged: unknown[] = [];
    const log: Log = { ...silentLog, warn: (message, fields) => logged.push({ message, ...fields }) };
    await using runtime = runtimeOn(engine.dockerHost, { log });
    await expect(runtime.prepare({ image: "r.example/x" }, {})).rejects.toMatchObject({
      kind: "not_found",
      message:
        "the image r.example/x is not on the engine and can't be pulled: the pull failed; the manager's log has the engine's words",
      details: { reason: "IMAGE_UNAVAILABLE" },
    });
    const escaped = 'Get "https://r.example/v2/": unexpected status: root:x:0:0 \\u{1b}[2J\\u{202e}';
    expect(logged).toEqual([{ message: "a pull failed", image: "r.example/x", engine: escaped }]);
  });

  describe("asked for an image of a registry that nobody listed", () => {
    const image = "127.0.0.1:5000/x:1";
    const refused = {
      kind: "denied",
      message: expect.stringContaining("the registry 127.0.0.1:5000"),
      details: { reason: "DENIED_BY_OPERATOR", delivery: "not_sent", violations: [{ field: "spec.image" }] },
    };
    const listen = (onPull: () => void, onEngine: { readonly has: boolean }) =>
      FakeEngine.listen((request, response) => {
        if (request.method === "POST") onPull();
        response.writeHead(onEngine.has ? 200 : 404).end('{"Id":"sha256:1"}');
      });

    test("never asks the engine to pull it, nor anybody for credentials", async () => {
      const dockerConfigDir = await mkdtemp(path.join(tmpdir(), "mcpm-docker-config-"));
      onTestFinished(() => rm(dockerConfigDir, { recursive: true }));
      await writeFile(path.join(dockerConfigDir, "config.json"), JSON.stringify({ credsStore: "no-such-helper" }));
      const warned: string[] = [];
      const log: Log = { ...silentLog, warn: (message) => warned.push(message) };
      await using engine = await listen(() => expect.unreachable(), { has: false });
      await using runtime = runtimeOn(engine.dockerHost, { dockerConfigDir, log });
      await expect(runtime.prepare({ image }, {})).rejects.toMatchObject(refused);
      expect(warned).toEqual([]);
    });

    test("uses it when the engine has it, but does not look for a newer one", async () => {
      await using engine = await listen(() => expect.unreachable(), { has: true });
      await using runtime = runtimeOn(engine.dockerHost);
      expect(await runtime.prepare({ image }, {})).toBe("sha256:1");
      expect(await runtime.prepare({ image, pullPolicy: "never" }, {})).toBe("sha256:1");
      await expect(runtime.prepare({ image, pullPolicy: "always" }, {})).rejects.toMatchObject(refused);
    });

    test("pulls it once the operator lists just that host and port", async () => {
      let pulls = 0;
      await using engine = await listen(() => (pulls += 1), { has: false });
      await using listed = runtimeOn(engine.dockerHost, { registries: ["127.0.0.1:5000"] });
      await expect(listed.prepare({ image }, {})).rejects.toMatchObject({ kind: "not_found" });
      await using other = runtimeOn(engine.dockerHost, { registries: ["127.0.0.1", "127.0.0.1:5001"] });
      await expect(other.prepare({ image }, {})).rejects.toMatchObject(refused);
      expect(pulls).toBe(1);
    });
  });

  test("cuts a pull short when its caller leaves, at the engine too", async () => {
    const pulling = Promise.withResolvers<void>();
    const cut = Promise.withResolvers<void>();
    await using engine = await FakeEngine.listen((request, response) => {
      if (request.method === "GET") return response.writeHead(404).end("{}");
      response.on("close", cut.resolve);
      response.write('{"status":"Waiting","id":"1"}\n');
      return pulling.resolve();
    });
    await using runtime = runtimeOn(engine.dockerHost);
    const abort = new AbortController();
    const preparing = runtime.prepare({ image: "a" }, { signal: abort.signal });
    await pulling.promise;
    abort.abort();
    await expect(preparing).rejects.toMatchObject({ kind: "cancelled" });
    await cut.promise;
  });
});
