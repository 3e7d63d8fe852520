// By its name, not by its path, which differs between the sources and the package.
import manifest from "mcp-docker-manager/package.json" with { type: "json" };

/** The manager's version, as in package.json. */
export const version: string = manifest.version;
