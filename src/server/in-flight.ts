// The responses that are not over yet. Not a Set: each time a Set is rebuilt, which many short requests make often,
// its old table keeps the new one and so every later response alive, until the next full garbage collection.

/** Things under way, each in a numbered slot. */
export class InFlight<T> {
  readonly #slots: (T | undefined)[] = [];
  readonly #free: number[] = [];
  #onEmpty: (() => void)[] = [];

  /** How many there are. */
  get size(): number {
    return this.#slots.length - this.#free.length;
  }

  /** Adds one; the answer is the number of its slot. */
  add(one: T): number {
    const slot = this.#free.pop() ?? this.#slots.length;
    this.#slots[slot] = one;
    return slot;
  }

  /** Empties a slot that is taken. */
  remove(slot: number): void {
    this.#slots[slot] = undefined;
    this.#free.push(slot);
    if (this.size > 0) return;
    for (const resolve of this.#onEmpty.splice(0)) resolve();
  }

  /** All that are under way. */
  all(): T[] {
    return this.#slots.filter((one) => one !== undefined);
  }

  /** Fulfils once nothing is under way. */
  async empty(): Promise<void> {
    if (this.size === 0) return;
    await new Promise<void>((resolve) => this.#onEmpty.push(resolve));
  }
}
