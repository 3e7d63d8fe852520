/** main URL PORT PROTOCOL: serves the page on PORT of 127.0.0.1, opens it in a headless Chromium, and prints what it shows. */
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import process from "node:process";
import { chromium } from "playwright-core";

const [, , manager = "http://127.0.0.1:8080", port = "8081", protocol = "connect"] = process.argv;

const files: Record<string, { path: string; type: string }> = {
  "/": { path: "../src/page.html", type: "text/html" },
  "/page.js": { path: "../dist/page.js", type: "text/javascript" },
};
const server = createServer(async ({ url = "/" }, response) => {
  const file = files[new URL(url, "http://page").pathname];
  if (file === undefined) return void response.writeHead(404).end();
  response.setHeader("content-type", file.type).end(await readFile(new URL(file.path, import.meta.url)));
});
await new Promise<void>((resolve) => server.listen(Number(port), "127.0.0.1", resolve));

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  chromiumSandbox: process.getuid?.() !== 0, // as root Chromium has none
});
const page = await browser.newPage();
const query = new URLSearchParams({ manager, protocol });
await page.goto(`http://127.0.0.1:${port}/?${query}`);
await page.waitForFunction(() => ["passed", "failed"].includes(document.title), undefined, { timeout: 120_000 });
process.stdout.write((await page.locator("pre").textContent()) ?? "");
process.exitCode = (await page.title()) === "passed" ? 0 : 1;
await browser.close();
server.close();
