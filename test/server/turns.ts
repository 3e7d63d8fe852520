/** What happens in each turn of the event loop. */
export class Turns implements Disposable {
  #now = 0;
  most = 0;
  #next: NodeJS.Immediate;

  constructor() {
    const turn = () => {
      this.#now = 0;
      this.#next = setImmediate(turn);
    };
    this.#next = setImmediate(turn);
  }

  note = (): void => {
    this.#now += 1;
    this.most = Math.max(this.most, this.#now);
  };

  [Symbol.dispose](): void {
    clearImmediate(this.#next);
  }
}
