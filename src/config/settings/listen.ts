import { flag, integer, list, text } from "./parsers.ts";
import { setting } from "./setting.ts";

/** Where the manager listens, and whose requests it takes. */
export const listenSettings = {
  host: setting("MCPM_HOST", {
    help: "address to listen on",
    fallback: "127.0.0.1",
    parse: text(/^[A-Za-z0-9.:_-]{1,253}$/, "must be a host name or an address"),
  }),
  port: setting("MCPM_PORT", { help: "port to listen on; 0: any free one", fallback: 8080, parse: integer(0, 65_535) }),
  insecureListen: setting("MCPM_INSECURE_LISTEN", {
    help: "1: allow an MCPM_HOST that is not loopback, without any authentication",
    fallback: false,
    parse: flag,
  }),
  allowedHosts: setting("MCPM_ALLOWED_HOSTS", {
    help: "Host names besides loopback that requests may carry, comma-separated",
    fallback: [],
    parse: list((host) => text(/^[a-zA-Z0-9._-]+$/, "must hold host names without port")(host).toLowerCase()),
  }),
  corsOrigins: setting("MCPM_CORS_ORIGINS", {
    help: "origins of web pages that may call, comma-separated",
    fallback: [],
    parse: list(text(/^https?:\/\/[^/,\s]+$/, "must hold origins such as https://console.example")),
  }),
  maxConnectionsPerAddress: setting("MCPM_MAX_CONNECTIONS_PER_ADDRESS", {
    help: "most connections of one remote address, which all callers on this machine share",
    fallback: 2000,
    parse: integer(10, 1_000_000),
  }),
};
