import { JsonFields } from "../../../json/json-fields.ts";
import type { Conversation } from "../../conversation/handshake.ts";
import type { Subscriptions } from "../../conversation/subscriptions.ts";

/** What a server may tell the changes of. Those of resource templates come with those of resources. */
export type ChangingList = "tools" | "resources" | "prompts";

const lists: readonly ChangingList[] = ["tools", "resources", "prompts"];

/** How a server of the modern era is asked to tell of a list's changes. */
const filterName = (list: ChangingList) => `${list}ListChanged`;

/** Which lists a server has promised to tell the changes of, and how often it did. */
export class ListChanges {
  readonly #watched = new Set<ChangingList>();
  readonly #counts: Record<ChangingList, number> = { tools: 0, resources: 0, prompts: 0 };

  /**
   * In the legacy era a server that declares it says unasked when a list changes; in the modern one it does for those
   * who subscribe.
   */
  constructor(conversation: Conversation, subscriptions: Subscriptions) {
    const declared = lists.filter((list) => declaresChanges(conversation, list));
    if (conversation.codec.era === "legacy") for (const list of declared) this.#watched.add(list);
    else if (declared.length > 0) this.#subscribe(declared, subscriptions);
  }

  /** Whether the server says when this list changes. */
  watches(list: ChangingList): boolean {
    return this.#watched.has(list);
  }

  /** Another number than before: what was known of the list may not hold any more. */
  count(list: ChangingList): number {
    return this.#counts[list];
  }

  /** The server said something. */
  notified(method: string): void {
    for (const list of lists) if (method === `notifications/${list}/list_changed`) this.#counts[list] += 1;
  }

  #subscribe(declared: readonly ChangingList[], subscriptions: Subscriptions): void {
    const filter = declared.map((list) => `"${filterName(list)}":true`).join(",");
    const watch = (taken: JsonFields | undefined) => {
      for (const list of declared) this.#watch(list, taken?.raw(filterName(list)) === "true");
    };
    subscriptions.open(`{${filter}}`, { listener: { acknowledged: watch, ended: () => watch(undefined) } });
  }

  #watch(list: ChangingList, watched: boolean): void {
    if (watched) this.#watched.add(list);
    else this.#watched.delete(list);
    this.#counts[list] += 1;
  }
}

function declaresChanges({ info }: Conversation, list: ChangingList): boolean {
  const declared = JsonFields.of(info?.capabilitiesJson ?? "{}")?.raw(list) ?? "{}";
  return JsonFields.of(declared)?.raw("listChanged") === "true";
}
