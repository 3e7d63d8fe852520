import { type RuntimeKind, runtimeCapabilities } from "../../runtime/capabilities.ts";
import { flag, oneOf } from "./parsers.ts";
import { setting } from "./setting.ts";

/** What runs the servers, and where the manager itself runs. */
export const runtimeSettings = {
  kind: setting("MCPM_RUNTIME", {
    help: "what runs the servers: docker, or process (no sandbox, for development; loopback only)",
    fallback: "docker",
    parse: oneOf(Object.keys(runtimeCapabilities) as RuntimeKind[]),
  }),
  inContainer: setting("MCPM_IN_CONTAINER", {
    help: "1, set by the manager's image: the manager runs in a container, and each bind root must be a mount of it",
    fallback: false,
    parse: flag,
  }),
};
