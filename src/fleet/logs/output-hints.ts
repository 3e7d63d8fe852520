import type { OutputExcerpt } from "../../base/errors/errors.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what terminals are told colours by.
const colour = /\u001b\[[0-9;]*m/g;
/** How much of a line a message shows. */
const shownChars = 120;

const place = String.raw`(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\*|\[[0-9a-f:]*\]|::)?`;
/**
 * How HTTP servers say where they listen: "Uvicorn running on http://0.0.0.0:8000", "Now listening on: http://[::]:8080",
 * "MCP server listening on port 3000", "SSE server started on :8080", "Tomcat started on port 8080 (http)"; or that they
 * can't: "listen EACCES: permission denied 0.0.0.0:80". What somebody connects to ("ECONNREFUSED http://…") does not match.
 */
const listens = new RegExp(
  String.raw`\b(?:listening|running|serving|start(?:ed|ing)|available)\b.{0,120}?` +
    String.raw`(?:\bhttps?://${place}:?\d*(?![\w.])|\bport(?:\(s\))?:?\s{0,2}\d{2,5}\b|(?:\s|\()${place}:\d{2,5}\b)` +
    String.raw`|\blisten E(?:ACCES|ADDRINUSE|ADDRNOTAVAIL)\b`,
  "i",
);

/** The line by which a server says that it listens for HTTP, or tried to. */
export function httpListener(output: OutputExcerpt): string | undefined {
  const lines = [output.stderrHead, output.stderrTail, output.stdoutHead, output.stdoutTail].flatMap(
    (text) => text?.split("\n") ?? [],
  );
  const line = lines.find((text) => listens.test(text));
  return line === undefined ? undefined : shortened(line);
}

/** What a server asks at the end of its output, as if somebody sat in front of it. */
export function prompt({ stderrTail = "", stdoutTail = "" }: OutputExcerpt): string | undefined {
  const last = [stderrTail, stdoutTail].map((text) => text.split("\n").at(-1) ?? "");
  const question = last.find((line) => /[:?>\])][ \t]{0,4}$/.test(line) && !/^\s*[[{]/.test(line));
  return question === undefined ? undefined : shortened(question);
}

/** As it may stand in a message, without colours and what can't be seen. */
function shortened(line: string): string {
  const text = line.replaceAll(colour, "").replaceAll(/\p{C}/gu, "\ufffd").trim();
  return text.length > shownChars ? `${text.slice(0, shownChars).toWellFormed()}…` : text;
}
