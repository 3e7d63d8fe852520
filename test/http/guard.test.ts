import { describe, expect, it } from "vitest";
import { Guard, hostName } from "../../src/http/guard.ts";

const options = { allowedHosts: ["mcp.example"], corsOrigins: ["https://console.example"] };
const guard = new Guard(options);

describe("Guard", () => {
  it("judges every Host by itself, however many came before", () => {
    for (let round = 0; round < 3; round += 1) {
      for (let port = 1; port <= 50; port += 1) {
        expect(guard.refusalOf({ host: `localhost:${port}` })).toBeUndefined();
        expect(guard.refusalOf({ host: `evil.example:${port}` })?.status).toBe(421);
        expect(guard.refusalOf({ host: `localhost:${port}:1` })?.status).toBe(421);
      }
    }
  });

  it.each([
    "localhost",
    "localhost:8080",
    "LOCALHOST:8080",
    "127.0.0.1:8080",
    "127.1.2.3",
    "[::1]",
    "[::1]:8080",
    "mcp.example",
    "MCP.Example:443",
  ])("lets requests to the host %s through", (host) => {
    expect(guard.refusalOf({ host })).toBeUndefined();
    expect(guard.refusalOf({ ":authority": host })).toBeUndefined();
  });

  it.each([
    undefined,
    "",
    "evil.example",
    "localhost.evil.example:8080",
    "127.0.0.1.nip.io",
    "evil.example:127.0.0.1",
    "localhost@evil.example",
    "evil.example#localhost",
    "0.0.0.0:8080",
    "192.168.1.2",
    "[::]:8080",
    "[::ffff:7f00:1]",
    "localhost:8080:8080",
    "localhost:99999",
    "127.999.1.1",
    "localhost, evil.example",
    "sub.mcp.example",
  ])("refuses requests to the host %s", (host) => {
    expect(guard.refusalOf(host === undefined ? {} : { host })?.status).toBe(421);
  });

  it("judges an HTTP/2 request by its authority", () => {
    expect(guard.refusalOf({ ":authority": "evil.example", host: "localhost" })?.status).toBe(421);
  });

  it("knows the hosts of its own port, and no other's", () => {
    const other = new Guard({ ...options, allowedHosts: ["other.example"] });
    for (const host of ["mcp.example", "other.example", "mcp.example"]) {
      expect(guard.refusalOf({ host }) === undefined).toBe(host === "mcp.example");
      expect(other.refusalOf({ host }) === undefined).toBe(host === "other.example");
    }
  });

  it("lets an allowed origin through, and requests without any", () => {
    expect(guard.refusalOf({ host: "localhost", origin: "https://console.example" })).toBeUndefined();
    expect(guard.refusalOf({ host: "localhost" })).toBeUndefined();
  });

  it.each([
    "https://evil.example",
    "http://console.example",
    "https://console.example:444",
    "https://console.example.evil.example",
    "null",
    "",
    "http://localhost:8080",
  ])("refuses the origin %j", (origin) => {
    expect(guard.refusalOf({ host: "localhost", origin })?.status).toBe(403);
  });
});

describe("Guard, of what a browser says of the page that asks,", () => {
  const from = (site: string | undefined, origin?: string) =>
    guard.refusalOf({
      host: "localhost",
      ...(site === undefined ? {} : { "sec-fetch-site": site }),
      ...(origin === undefined ? {} : { origin }),
    });

  it.each([undefined, "none", "same-origin"])("lets Sec-Fetch-Site %s through", (site) => {
    expect(from(site)).toBeUndefined();
  });

  it.each([
    "cross-site",
    "same-site",
    "",
    "None",
    "SAME-ORIGIN",
    "none, none",
    "same-origin, cross-site",
    "none cross-site",
    '"none"',
    "none;x",
    "other",
  ])("refuses Sec-Fetch-Site %j without an Origin, and with one of another page", (site) => {
    expect(from(site)?.status).toBe(403);
    expect(from(site, "https://evil.example")?.status).toBe(403);
    expect(from(site, "null")?.status).toBe(403);
  });

  it.each(["cross-site", "same-site"])("lets Sec-Fetch-Site %s through from an allowed origin", (site) => {
    expect(from(site, "https://console.example")).toBeUndefined();
  });

  it("judges the Host first", () => {
    expect(guard.refusalOf({ host: "evil.example", "sec-fetch-site": "cross-site" })?.status).toBe(421);
  });
});

describe("hostName", () => {
  it("drops the port and takes no more than a host", () => {
    expect(hostName("Example.ORG:80")).toBe("example.org");
    expect(hostName("[::1]:80")).toBe("[::1]");
    for (const text of ["::1", "a b", "a/b", "a:b", "a:123456", "[::1", "http://a"])
      expect(hostName(text)).toBeUndefined();
  });
});
