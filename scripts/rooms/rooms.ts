import { type Arrow, type Box, picture } from "./picture.ts";
import { readSources, roomOf, targetsOf } from "./sources.ts";

const entries: ReadonlySet<string> = new Set(["bin", "main", "client"]);
const floorHeight = 80;
const columnWidth = 205;
/** Of the line in a box. */
const maxChars = 26;

/**
 * The rooms of src/ as a picture, from the imports of the code: a room stands above all that it imports. An arrow that
 * follows from others is left out, and so is what is not a room: entries, and what buf generates.
 */
export async function drawRooms(): Promise<string> {
  const { rooms, folders } = await readRooms();
  const floors = new Map([...rooms.keys()].map((room) => [room, floorOf(room, rooms)]));
  const top = Math.max(...floors.values());
  const columns = columnsOf(rooms, floors);
  const boxes = new Map(
    [...rooms.keys()].map((room): [string, Box] => {
      const y = 20 + (top - (floors.get(room) ?? 0)) * floorHeight;
      return [room, { title: `${room}/`, lines: [insideOf(folders.get(room))], x: columns.get(room) ?? 0, y }];
    }),
  );
  const arrows = [...rooms].flatMap(([room, into]) =>
    [...into]
      .filter((one) => ![...into].some((other) => other !== one && reaches(other, { to: one, rooms })))
      .map((one): Arrow => ({ from: boxes.get(room) as Box, to: boxes.get(one) as Box })),
  );
  return picture("The rooms of src/, and what they import", { boxes: [...boxes.values()], arrows });
}

type Rooms = ReadonlyMap<string, ReadonlySet<string>>;

async function readRooms(): Promise<{ rooms: Rooms; folders: ReadonlyMap<string, ReadonlySet<string>> }> {
  const rooms = new Map<string, Set<string>>();
  const folders = new Map<string, Set<string>>();
  // What a port says of all runtimes stands in its room.
  const roomIn = (path: string) => roomOf(path).replace(/^runtime\/capabilities$/, "runtime");
  for (const file of await readSources()) {
    const room = roomIn(file.path);
    if (entries.has(room)) continue;
    const [folder, ...deeper] = file.path.slice(`src/${room}/`.length).split("/");
    const known = folders.get(room) ?? new Set();
    folders.set(room, deeper.length > 0 ? known.add(folder ?? "") : known);
    const into = rooms.get(room) ?? new Set();
    rooms.set(room, into);
    for (const target of targetsOf(file))
      if (roomIn(target) !== room && roomIn(target) !== "gen") into.add(roomIn(target));
  }
  return { rooms, folders };
}

function floorOf(room: string, rooms: Rooms): number {
  return 1 + Math.max(-1, ...[...(rooms.get(room) ?? [])].map((into) => floorOf(into, rooms)));
}

function reaches(from: string, { to, rooms }: { to: string; rooms: Rooms }): boolean {
  return [...(rooms.get(from) ?? [])].some((into) => into === to || reaches(into, { to, rooms }));
}

/** The folders in a room, as far as there is place. */
function insideOf(folders: ReadonlySet<string> = new Set()): string {
  const all = [...folders].join(", ");
  return all.length > maxChars ? `${all.slice(0, all.lastIndexOf(", ", maxChars))}, …` : all;
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
  return new Map([...rooms.keys()].map((room) => [room, 105 + columnOf(room) * columnWidth]));
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
