import { once } from "node:events";
import { createServer, type Socket } from "node:net";

export interface Morgue extends Disposable {
  /** A Node program that connects, survives all but SIGKILL, and says "up". */
  readonly survivor: string;
  /** What `node --import` takes to have any program connect, and end as it would without. */
  readonly preload: string;
  /** Resolves when the process that connected is dead. */
  readonly arrived: Promise<unknown>;
}

/** Tells of a process's death wherever it hangs in the process tree: it holds a connection to here. */
export async function openMorgue(): Promise<Morgue> {
  const connected = Promise.withResolvers<Socket>();
  const server = createServer((socket) => connected.resolve(socket.resume())).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    survivor: `process.on("SIGTERM", () => {}); process.on("SIGHUP", () => {});
      require("node:net").connect(${port}, "127.0.0.1", () => console.log("up")); setInterval(() => {}, 1000)`,
    preload: `data:text/javascript,import net from "node:net"; net.connect(${port}, "127.0.0.1").unref()`,
    arrived: connected.promise.then((socket) => once(socket, "close")),
    [Symbol.dispose]: () => server.close(),
  };
}
