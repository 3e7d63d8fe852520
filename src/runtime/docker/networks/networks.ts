import type Docker from "dockerode";
import type { Log } from "../../../base/log/log.ts";
import { formatSubnet } from "../../../base/text/subnet.ts";
import type { RuntimeCallOptions } from "../../runtime.ts";
import type { Engine } from "../engine/engine.ts";
import { engineRefusal, engineText, statusOf } from "../engine/engine-error.ts";
import { isOwned, label, ownerFilter, ownerLabels } from "../engine/labels.ts";
import { Turns } from "../engine/turns.ts";
import { freeSubnets } from "./free-subnets.ts";

/** How many subnets are tried. The engine may refuse one for a reason that its list of networks does not show. */
const maxTries = 16;

/** The network of one instance of a server. */
export interface InstanceNetwork {
  readonly name: string;
  readonly server: string;
}

interface NetworksOptions {
  readonly engine: Engine;
  readonly fleet: string;
  /** Blocks of IPv4 addresses that networks get their parts of. */
  readonly subnets: readonly string[];
  readonly log: Log;
}

/**
 * The networks of servers with `bridge`: each instance has its own, so that servers don't reach each other. They
 * have explicit subnets, since the engine's own pools are large blocks, of which there are only 31. A network is made
 * before its container, and removed after the last container that names it.
 */
export class Networks {
  readonly #options: NetworksOptions;
  /** So that no network is removed after it was created and before its container is. */
  readonly #turns = new Turns();
  /** Whether there may be any. */
  #some = true;

  constructor(options: NetworksOptions) {
    this.#options = options;
  }

  /**
   * Does the work while the instance's network is there. When the network was gone, `container` is connected to the new
   * one.
   */
  async during<T>(
    network: InstanceNetwork,
    work: () => Promise<T>,
    options: RuntimeCallOptions & { readonly container?: string },
  ): Promise<T> {
    const inTurn = async () => {
      const isNew = await this.#ensure(network, options);
      // A container that ran once knows its network by an id.
      if (isNew && options.container !== undefined) await this.#connect(network, options.container, options);
      return work();
    };
    return this.#turns.take(inTurn, options);
  }

  /** Removes networks that no container of the fleet names. A network that other containers are connected to stays. */
  async sweep(options: RuntimeCallOptions): Promise<void> {
    if (!this.#some) return;
    await this.#turns.take(() => this.#sweep(options), options);
  }

  async #sweep(options: RuntimeCallOptions): Promise<void> {
    const { engine, fleet, log } = this.#options;
    const filters = { label: ownerFilter(fleet) };
    const networks = await engine.call("list networks", (docker) => docker.listNetworks({ filters }), options);
    this.#some = networks.length > 0;
    if (!this.#some) return;
    const list = (docker: Docker, abort: object) => docker.listContainers({ all: true, filters, ...abort });
    const containers = await engine.call("list containers", list, options);
    const named = new Set(containers.map(({ HostConfig }) => HostConfig.NetworkMode));
    for (const { Id: id, Name: name } of networks) {
      if (named.has(name) || named.has(id)) continue;
      const problem = await this.#remove(id, options);
      if (problem !== undefined) log.debug("a network of the fleet can't be removed now", { network: name, problem });
    }
  }

  /** Returns why it can't be removed, if so. */
  async #remove(id: string, options: RuntimeCallOptions): Promise<string | undefined> {
    const remove = async (docker: Docker, abort: object) => {
      try {
        await docker.getNetwork(id).remove(abort);
        return undefined;
      } catch (error) {
        if (statusOf(error) === undefined) throw error;
        return statusOf(error) === 404 ? undefined : engineText(error);
      }
    };
    return this.#options.engine.call(`remove network ${id}`, remove, options);
  }

  async #connect(network: InstanceNetwork, container: string, options: RuntimeCallOptions): Promise<void> {
    const connect = (docker: Docker) => docker.getNetwork(network.name).connect({ Container: container });
    await this.#options.engine.call(`connect ${network.server} to its network`, connect, options);
  }

  /** Creates the network if it is not there. Returns whether it did. */
  async #ensure(network: InstanceNetwork, options: RuntimeCallOptions): Promise<boolean> {
    const { engine, fleet, subnets } = this.#options;
    const { name } = network;
    const networks = await engine.call("list networks", (docker) => docker.listNetworks(), options);
    const found = networks.filter(({ Name }) => Name === name);
    if (found.some(({ Labels }) => !isOwned(Labels, fleet))) throw networkTaken(network);
    if (found.length > 0) return false;
    const taken = networks.flatMap(({ IPAM }) => (IPAM?.Config ?? []).flatMap(({ Subnet }) => Subnet ?? []));
    this.#some = true;
    let tries = 0;
    for (const subnet of freeSubnets(subnets, taken)) {
      const overlap = await this.#create(network, { ...options, subnet: formatSubnet(subnet) });
      if (!overlap) return true;
      tries += 1;
      if (tries === maxTries) break;
    }
    throw noSubnet(network);
  }

  /** Returns whether something has addresses of this subnet. */
  async #create(network: InstanceNetwork, options: RuntimeCallOptions & { readonly subnet: string }): Promise<boolean> {
    const { engine, fleet } = this.#options;
    const { name, server } = network;
    const { subnet } = options;
    const body = {
      Name: name,
      Driver: "bridge",
      CheckDuplicate: true,
      IPAM: { Driver: "default", Config: [{ Subnet: subnet }] },
      Labels: { ...ownerLabels(fleet), [label.server]: server },
    };
    const create = async (docker: Docker, abort: object) => {
      try {
        await docker.createNetwork({ _query: {}, _body: body, ...abort } as unknown as Docker.NetworkCreateOptions);
        return false;
      } catch (error) {
        if (statusOf(error) !== undefined && /overlap/i.test(engineText(error))) return true;
        if (statusOf(error) === 409) throw networkTaken(network);
        throw error;
      }
    };
    return engine.call(`create the network ${name}`, create, options);
  }
}

function networkTaken({ name, server }: InstanceNetwork): Error {
  const message = `a network named ${name} exists already and does not belong to this fleet: remove or rename it`;
  return engineRefusal("conflict", message, { reason: "NAME_TAKEN", server });
}

function noSubnet({ server }: InstanceNetwork): Error {
  const message = `there is no subnet left for the network of ${server}: stop other servers with bridge, or give MCPM_SUBNETS more addresses`;
  return engineRefusal("not_running", message, { reason: "START_REFUSED", server });
}
