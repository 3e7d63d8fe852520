// write.ts FOLDER: writes what is generated from the protos' comments and the rules: FOLDER/gen/openapi.json, the
// schema of servers.yaml for editors, and the reference in FOLDER/docs/api.md, whose guide is taken from ours.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { editorSchema } from "./editor-schema.ts";
import { openApi } from "./openapi.ts";
import { readProtos } from "./read-protos.ts";
import { withReference } from "./reference.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const [folder = root] = process.argv.slice(2);
const protos = await readProtos();

mkdirSync(`${folder}/gen`, { recursive: true });
writeFileSync(`${folder}/gen/openapi.json`, `${JSON.stringify(openApi(protos), undefined, 2)}\n`);
mkdirSync(`${folder}/docs`, { recursive: true });
const guide = readFileSync(`${root}/docs/api.md`, "utf8");
writeFileSync(`${folder}/docs/api.md`, withReference(guide, protos));
writeFileSync(`${folder}/docs/servers.schema.json`, `${JSON.stringify(editorSchema(protos), undefined, 2)}\n`);
