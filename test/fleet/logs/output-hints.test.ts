import { describe, expect, it, test } from "vitest";
import { httpListener, prompt } from "../../../src/fleet/logs/output-hints.ts";

describe("A line of a server that listens for HTTP", () => {
  test.each([
    "INFO:     Uvicorn running on http://0.0.0.0:8000 (Press CTRL+C to quit)",
    "info: Microsoft.Hosting.Lifetime[14] Now listening on: http://[::]:8080",
    "MCP Streamable HTTP Server listening on port 3000",
    "Server is running at http://localhost:3000/mcp",
    "[2026-11-30] [INFO] Listening at: http://0.0.0.0:8000 (1)",
    "2026/11/30 10:00:00 Starting SSE server on :8080",
    "SSE server listening on localhost:8080",
    "Tomcat started on port 8080 (http) with context path '/'",
    "Tomcat started on port(s): 8080 (http)",
    " * Running on http://127.0.0.1:5000",
    "[10/10/26 12:00:00] INFO Starting MCP server 'weather' with transport 'streamable-http' on http://127.0.0.1:8000/mcp/",
    '{"level":"info","msg":"http server started","addr":"0.0.0.0:8080","note":"serving on *:8080"}',
    "Error: listen EACCES: permission denied 0.0.0.0:80",
    "Error: listen EADDRINUSE: address already in use :::3000",
  ])("is known: %s", (line) => {
    expect(httpListener({ stdoutTail: `before\n${line}\nafter` })).toBe(
      line.trim().slice(0, 120) + (line.trim().length > 120 ? "…" : ""),
    );
  });

  test.each([
    "Error: connect ECONNREFUSED 127.0.0.1:9200",
    "Running with the API at https://api.example.com/v1",
    "starting at 12:30:05",
    "Started in 8080 ms",
    "MCP server running on stdio",
    "usage: server [--port PORT] [--host HOST]",
    "http://localhost:3000 is not reachable",
    "",
  ])("is not taken for one: %s", (line) => {
    expect(httpListener({ stderrTail: line })).toBeUndefined();
  });

  it("is found at the beginning of a long output, too, on either stream", () => {
    const line = "Listening on port 80";
    for (const part of ["stderrHead", "stderrTail", "stdoutHead", "stdoutTail"]) {
      expect(httpListener({ [part]: line })).toBe(line);
    }
  });

  it("is told without colours and what can't be seen", () => {
    const output = { stderrTail: "\u001b[32mINFO\u001b[0m: Uvicorn running on http://0.0.0.0:8000\u202e\u0007" };
    expect(httpListener(output)).toBe("INFO: Uvicorn running on http://0.0.0.0:8000\ufffd\ufffd");
  });

  it("costs no more than its length", () => {
    expect(httpListener({ stderrTail: "listening ".repeat(200) + ":".repeat(200) })).toBeUndefined();
  });
});

describe("A question", () => {
  test.each([
    ["Enter API token: ", "Enter API token:"],
    ["usage\nProceed? [y/N]", "Proceed? [y/N]"],
    ["> ", ">"],
  ])("at the end of the output is known: %j", (stderrTail, question) => {
    expect(prompt({ stderrTail })).toBe(question);
  });

  test.each(["Downloading 45%", "waiting", '{"a": [1]', "Enter a token:\nno", ""])(
    "is not seen in %j",
    (stderrTail) => {
      expect(prompt({ stderrTail })).toBeUndefined();
    },
  );
});
