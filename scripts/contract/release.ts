// release.ts: writes proto/released-surface.json: the REST routes and the reasons of errors as they are.
import { writeFileSync } from "node:fs";
import { surface } from "./surface.ts";

const file = new URL("../../proto/released-surface.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(surface, undefined, 2)}\n`);
