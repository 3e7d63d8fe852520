/** A piece of the manager's work, and about what it takes of processor time, in microseconds: figures of calls and logs. */
export const works = { "a call": 35, "a line of a log": 3.2, "1 MB": 8000 } as const;

/** Something that is written by hand for speed, and what would stand there otherwise. */
export interface ByHand {
  readonly thing: string;
  readonly file: string;
  readonly plainForm: string;
  /** It goes when the plain form takes less than so many times as long. Unset: it is not there. */
  readonly goesBelow?: number;
  /** Of what it is a part, and how many times it comes in one. */
  readonly part: { readonly of: keyof typeof works; readonly times: number };
  /** The plain form takes longer than all of the work does with it: a share would say nothing. Default: no. */
  readonly isMost?: boolean;
}

/** One that is measured by itself: each side does its work so many times. */
export interface Pair extends ByHand {
  readonly hand: Side;
  readonly plain: Side;
  /** Each side in processes of its own, since what it does stays. Default: both in one, in turn. */
  readonly apart?: boolean;
  /** Before a side begins. */
  readonly prepare?: (side: "hand" | "plain") => Promise<void>;
}

export type Side = (times: number) => void | Promise<void>;

/** What both sides took in one round, for one time. */
export interface Round {
  readonly handNs: number;
  readonly plainNs: number;
}

const kept: { value?: unknown } = {};

/** Has the compiler make what nobody reads. */
export function keep(value: unknown): void {
  kept.value = value;
}

/** A side that does the same again and again. */
export function repeat(work: () => void): Side {
  return (times) => {
    for (let time = 0; time < times; time += 1) work();
  };
}
