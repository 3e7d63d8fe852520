import { Era, PullPolicy } from "../../../../gen/mcpmanager/v1/server_pb.ts";
import { type PartnerServer, partnerServers } from "./servers.ts";

/** The server of this name. */
export function partner(name: string): PartnerServer {
  const found = partnerServers.find((server) => server.name === name);
  if (found === undefined) throw new Error(`no partner ${name}`);
  return found;
}

/** A spec that runs it. */
export function partnerSpec({ image, args = [], env = {} }: PartnerServer, era: Era = Era.UNSPECIFIED) {
  return { image, args: [...args], env, era, pullPolicy: PullPolicy.NEVER };
}
