// Preloaded into the servers (NODE_OPTIONS): writes down the id of each call that comes in on stdin, before the server
// sees it. A file a container, which outlives it.
const { openSync, writeSync } = require("node:fs");
const { hostname } = require("node:os");

const file = openSync(`/soak/received/${hostname()}`, "a");
const { stdin } = process;
const { push } = stdin;
/** The end of what came before, in which an id may have begun, in Latin-1. */
let rest = "";

stdin.push = (chunk, ...more) => {
  if (chunk !== null) note(chunk);
  return push.call(stdin, chunk, ...more);
};

function note(chunk) {
  const seen = rest + Buffer.from(chunk).toString("latin1");
  let end = 0;
  let ids = "";
  for (const match of seen.matchAll(/"soak-call":"([^"]+)"/g)) {
    ids += `${match[1]}\n`;
    end = match.index + match[0].length;
  }
  if (ids !== "") writeSync(file, ids);
  rest = seen.slice(Math.max(end, seen.length - 64));
}
