/**
 * folders all|short|NAME...: prints the folders that the images of these servers are made of, and of the services that
 * they speak to, one a line. Ends 1 at a name that no server has.
 */
import { existsSync } from "node:fs";
import { chosenServers, folderOf } from "./real-servers.ts";

const names = process.argv.slice(2).join(" ");
const servers = chosen();
const services = new Set(
  [...JSON.stringify(servers).matchAll(/\$([A-Z]+)/g)].map(([, name = ""]) => name.toLowerCase()),
);
for (const name of services) {
  const folder = `test/compat/services/${name}`;
  if (existsSync(folder)) console.log(folder);
}
for (const server of servers) console.log(folderOf(server));

function chosen(): ReturnType<typeof chosenServers> {
  try {
    return chosenServers(names === "short" ? undefined : names);
  } catch (error) {
    console.error(`Error: ${(error as Error).message}`);
    process.exit(1);
  }
}
