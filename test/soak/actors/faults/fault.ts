import type { Stage } from "../../stage.ts";
import type { Random } from "../random.ts";

/** Something that goes wrong, on purpose. */
export interface Fault {
  readonly kind: string;
  readonly weight: number;
  /** Resolves when it is over. Throws only when it could not be done. */
  run(stage: Stage, options: { random: Random; id: string }): Promise<void>;
}
