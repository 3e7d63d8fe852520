import { type Arrow, type Box, picture } from "./picture.ts";
import { readSources, roomOf, targetsOf } from "./sources.ts";

const entries: ReadonlySet<string> = new Set(["bin", "main", "client"]);
const floorHeight = 72;
const columnWidth = 141;
const boxWidth = 128;

/** What is in each room, in a few words. */
const contents: Readonly<Record<string, string>> = {
  app: "builds the parts",
  rest: "REST, OpenAPI",
  http: "guard, probes",
  rpc: "gRPC, Connect",
  operations: "what can be asked",
  fleet: "servers by name",
  mcp: "MCP sessions",
  jsonrpc: "requests, replies",
  json: "strict JSON",
  base: "errors, specs, log",
  server: "the HTTP server",
  secrets: "the operator's secrets",
  state: "the folder on disk",
  config: "settings",
  runtime: "the runtime port",
  "runtime/docker": "containers",
  "runtime/process": "child processes",
};

/**
 * The rooms of src/ as a picture, from the imports of the code: a room stands above all that it imports. An arrow that
 * follows from others is left out, and so is what is not a room: entries, and what buf generates. Throws for a room that
 * `contents` does not name.
 */
export async function drawRooms(): Promise<string> {
  const rooms = await readRooms();
  const floors = new Map([...rooms.keys()].map((room) => [room, floorOf(room, rooms)]));
  const top = Math.max(...floors.values());
  const columns = columnsOf(rooms, floors);
  const boxes = new Map(
    [...rooms.keys()].map((room): [string, Box] => {
      const y = 10 + (top - (floors.get(room) ?? 0)) * floorHeight;
      return [room, { title: room, lines: [contentsOf(room)], x: columns.get(room) ?? 0, y }];
    }),
  );
  const arrows = [...rooms].flatMap(([room, into]) =>
    [...into]
      .filter((one) => ![...into].some((other) => other !== one && reaches(other, { to: one, rooms })))
      .map((one): Arrow => ({ from: boxes.get(room) as Box, to: boxes.get(one) as Box })),
  );
  return picture("The rooms of src/, and what they import", {
    boxes: [...boxes.values()],
    arrows,
    boxWidth,
    boxHeight: 44,
  });
}

function contentsOf(room: string): string {
  const text = contents[room];
  if (text === undefined)
    throw new Error(`src/${room} has no words for its picture: add them in scripts/rooms/rooms.ts`);
  return text;
}

type Rooms = ReadonlyMap<string, ReadonlySet<string>>;

async function readRooms(): Promise<Rooms> {
  const rooms = new Map<string, Set<string>>();
  // What a port says of all runtimes stands in its room.
  const roomIn = (path: string) => roomOf(path).replace(/^runtime\/capabilities$/, "runtime");
  for (const file of await readSources()) {
    const room = roomIn(file.path);
    if (entries.has(room)) continue;
    const into = rooms.get(room) ?? new Set();
    rooms.set(room, into);
    for (const target of targetsOf(file))
      if (roomIn(target) !== room && roomIn(target) !== "gen") into.add(roomIn(target));
  }
  return rooms;
}

function floorOf(room: string, rooms: Rooms): number {
  return 1 + Math.max(-1, ...[...(rooms.get(room) ?? [])].map((into) => floorOf(into, rooms)));
}

function reaches(from: string, { to, rooms }: { to: string; rooms: Rooms }): boolean {
  return [...(rooms.get(from) ?? [])].some((into) => into === to || reaches(into, { to, rooms }));
}

/** The longest way down is the middle; what hangs together beside it stands to its right, what stands alone to its left. */
function columnsOf(rooms: Rooms, floors: ReadonlyMap<string, number>): Map<string, number> {
  const middle = middleOf(rooms, floors);
  const beside = [...rooms.keys()]
    .filter((room) => !middle.has(room))
    .toSorted((a, b) => Number(floors.get(a)) - Number(floors.get(b)));
  const isAlone = (room: string) =>
    beside.every((other) => !rooms.get(other)?.has(room) && !rooms.get(room)?.has(other));
  const right = beside.filter((room) => !isAlone(room));
  const columnOf = (room: string) => (middle.has(room) ? 1 : isAlone(room) ? 0 : 2 + right.indexOf(room));
  return new Map([...rooms.keys()].map((room) => [room, 10 + boxWidth / 2 + columnOf(room) * columnWidth]));
}

function middleOf(rooms: Rooms, floors: ReadonlyMap<string, number>): Set<string> {
  const middle = new Set<string>();
  const top = Math.max(...floors.values());
  let room = [...rooms.keys()].find((one) => floors.get(one) === top);
  for (let floor = top; room !== undefined; floor -= 1) {
    middle.add(room);
    room = [...(rooms.get(room) ?? [])].find((one) => floors.get(one) === floor - 1);
  }
  return middle;
}
