// Who is being served. Not a Set: each time one is rebuilt, which many short stays make often, its old table
// keeps the new one and so every later guest alive, until the next full garbage collection.

/** Guests of any kind, each on a seat. */
export class Attendance<T> {
  readonly #seats: (T | undefined)[] = [];
  readonly #free: number[] = [];

  /** How many there are. */
  get size(): number {
    return this.#seats.length - this.#free.length;
  }

  /** Seats a guest; the answer is the number of the seat. */
  enter(guest: T): number {
    const seat = this.#free.pop() ?? this.#seats.length;
    this.#seats[seat] = guest;
    return seat;
  }

  /** Frees a seat that is taken. */
  leave(seat: number): void {
    this.#seats[seat] = undefined;
    this.#free.push(seat);
  }

  /** Everyone who is there. */
  guests(): T[] {
    return this.#seats.filter((guest) => guest !== undefined);
  }
}
