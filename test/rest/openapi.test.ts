import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { routes } from "../../src/rest/routes.ts";
import { TestManager } from "../e2e/test-manager.ts";

let manager: TestManager;
let document: { paths: Record<string, Record<string, { operationId: string }>> };
beforeAll(async () => {
  manager = await TestManager.start({ MCPM_RUNTIME: "process" });
  document = (await (await fetch(`${manager.url}/openapi.json`)).json()) as typeof document;
});
afterAll(() => manager[Symbol.asyncDispose]());

describe("/openapi.json", () => {
  it("is an OpenAPI document of version 3.1, by a validator's word", async () => {
    const validator = new Validator();
    expect(await validator.validate(structuredClone(document))).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
  });

  it("is refused by the validator with a route's responses left out", async () => {
    const watch = { get: { operationId: "watch", responses: { 200: {} } } };
    const broken = { ...document, paths: { ...document.paths, "/watch": watch } };
    expect(await new Validator().validate(broken)).toMatchObject({ valid: false });
  });

  it("has every route, and the probes", () => {
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${method} ${path} ${operationId}`),
    );
    const served = routes.map(({ httpMethod, path, rpc }) => `${httpMethod.toLowerCase()} ${path} ${rpc.localName}`);
    expect(described).toEqual([...served, "get /health health", "get /ready ready", "get /openapi.json openapi"]);
  });

  it("is behind the guard, and takes no other method than GET and HEAD", async () => {
    const foreign = await fetch(`${manager.url}/openapi.json`, { headers: { origin: "https://evil.example" } });
    expect([foreign.status, await foreign.json()]).toMatchObject([
      403,
      { details: [{ reason: "ORIGIN_NOT_ALLOWED" }] },
    ]);
    const posted = await fetch(`${manager.url}/openapi.json`, { method: "POST" });
    expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    const head = await fetch(`${manager.url}/openapi.json`, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });
});
