import { sameSpec } from "../../base/spec/same-spec.ts";
import type { InstanceRecord } from "../../runtime/runtime.ts";
import type { ServerInstance } from "../instance/server-instance.ts";
import { outcomeOf, replacementsAmong } from "../state/replacements.ts";
import type { Replicas } from "./replicas.ts";
import type { Made, ResumedPair, Updates } from "./updates.ts";

export interface AdoptionOptions {
  readonly replicas: Replicas;
  readonly updates: Updates;
  readonly newInstance: (made: Made, replica: number) => ServerInstance;
  /** This is what the server is to be. */
  readonly become: (made: Made) => void;
  /** Whether a Stop is under way. */
  readonly stops: () => boolean;
}

/** What a manager before this one left of a server is taken over, once. */
export class Adoption {
  readonly #options: AdoptionOptions;
  #underWay: { readonly done: Promise<void>; readonly isUndecided: boolean } | undefined;

  constructor(options: AdoptionOptions) {
    this.#options = options;
  }

  /** These were found. Resolves when that is over; the outcome is in the states. */
  begin(records: readonly InstanceRecord[]): Promise<void> {
    const done = adoptAll(records, this.#options).finally(() => {
      this.#underWay = undefined;
    });
    this.#underWay = { done, isUndecided: isUndecided(records) };
    return done;
  }

  async over(): Promise<void> {
    await this.#underWay?.done;
  }

  /** Resolves when it is known which of the containers stay, and so what the server is made by. */
  async decided(): Promise<void> {
    if (this.#underWay?.isUndecided) await this.#underWay.done;
  }
}

/**
 * Takes over what was found of a server at boot: each container is gone on with by what it was made by, and a replacement
 * that was under way is finished. An instance that was not found is made. The outcome is in the states.
 */
async function adoptAll(records: readonly InstanceRecord[], options: AdoptionOptions): Promise<void> {
  const { replicas, updates, newInstance } = options;
  const asked = replacementsAmong(records).filter((pair) => outcomeOf(pair) === "ask");
  const next = new Set(asked.map((pair) => pair.next));
  const paired = new Set(asked.map((pair) => pair.old));
  const found = records.filter((record) => !next.has(record)).map((record) => instanceFor(record, options));
  const pairs = asked.flatMap(({ old, next }): ResumedPair[] => {
    const its = found.find(({ record }) => record === old);
    const made = madeOf(next);
    if (its === undefined || made === undefined) return [];
    return [{ old: its, next: { record: next, instance: newInstance(made, next.replica) } }];
  });
  const resumed = pairs.length === 0 ? Promise.resolve() : updates.resume(pairs);
  const adoptions = replicas.instances.map((instance) => {
    const its = found.find((one) => one.instance === instance);
    if (its === undefined) return instance.start().catch(() => {});
    return paired.has(its.record) ? undefined : instance.adopt(its.record);
  });
  await Promise.all([...adoptions, resumed]);
  await finishUpdate(options);
}

/** All become what the newest container is, should the manager before have died between two of several. */
async function finishUpdate({ replicas, updates, become, stops }: AdoptionOptions): Promise<void> {
  const made = newestMade(replicas);
  if (made === undefined || stops()) return;
  become(made);
  if (replicas.instances.every((instance) => isSameMade(instance.made, made))) return;
  // How that ends is in the states and in the log.
  await updates.begin(made, { ...made, update: "rolling" }).catch(() => {});
}

function newestMade(replicas: Replicas): Made | undefined {
  const made = replicas.instances.filter(({ record }) => record !== undefined);
  const [newest] = made.toSorted((a, b) => (b.record?.createTimeMs ?? 0) - (a.record?.createTimeMs ?? 0));
  return newest?.made;
}

export function isSameMade(a: Made, b: Made): boolean {
  return a.origin === b.origin && sameSpec(a.spec, b.spec);
}

/** Whether they are of different makes, or more than there are replicas: then it has yet to be seen which stay. */
function isUndecided(records: readonly InstanceRecord[]): boolean {
  const [first, ...others] = records.flatMap((record) => madeOf(record) ?? []);
  const differ = first !== undefined && others.some((one) => !isSameMade(one, first));
  return differ || new Set(records.map(({ replica }) => replica)).size < records.length;
}

function madeOf({ spec, origin }: InstanceRecord): Made | undefined {
  return spec === undefined ? undefined : { spec, origin };
}

/** The instance that goes on with a container; one that was made by something else takes the place of the server's. */
function instanceFor(
  record: InstanceRecord,
  { replicas, newInstance }: AdoptionOptions,
): { readonly instance: ServerInstance; readonly record: InstanceRecord } {
  const its = replicas.instances.find(({ replica }) => replica === record.replica);
  const made = madeOf(record);
  if (its !== undefined && (made === undefined || isSameMade(its.made, made))) return { instance: its, record };
  const instance = newInstance(made ?? { spec: { image: "" }, origin: undefined }, record.replica);
  if (its === undefined) replicas.add(instance);
  else replicas.swap(its, instance);
  return { instance, record };
}
