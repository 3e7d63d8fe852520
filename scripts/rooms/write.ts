/** write FOLDER: draws the pictures of docs/architecture.md into FOLDER/docs. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { drawCall } from "./call.ts";
import { drawRooms } from "./rooms.ts";

const [folder = "."] = process.argv.slice(2);
await mkdir(join(folder, "docs"), { recursive: true });
await writeFile(join(folder, "docs/rooms.svg"), await drawRooms());
await writeFile(join(folder, "docs/call.svg"), drawCall());
