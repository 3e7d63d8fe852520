// Answers any POST with its body: over HTTP/1.1, and over HTTP/2 without TLS. Prints both ports.
import http from "node:http";
import http2 from "node:http2";

const echo = (request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    response.writeHead(200, { "content-type": "application/octet-stream", "content-length": body.length });
    response.end(body);
  });
};
const settings = { maxConcurrentStreams: 10_000 };
const servers = [http.createServer(echo), http2.createServer({ settings, maxSessionMemory: 1000 }, echo)];
const ports = await Promise.all(
  servers.map((server) => new Promise((done) => server.listen(0, "127.0.0.1", () => done(server.address().port)))),
);
console.log(JSON.stringify(ports));
