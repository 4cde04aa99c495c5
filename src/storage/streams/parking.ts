// A reader that takes nothing keeps no socket to storage that others wait for.

/** Watches a body whose reader is slow. */
export interface Parking {
  /** The reader takes nothing from now on. */
  begin(): void;
  /** The reader takes bytes again, or is gone; true when the body has let go meanwhile. */
  end(): boolean;
}

/** What is parked. */
export interface Parked {
  /** Others wait for what the body holds. */
  isContended(): boolean;
  /** Gives it up; called once between a `begin` and its `end`. */
  letGo(): void;
}

// A reader that takes nothing for so long can wait for another request to storage.
const PARK_MS = 250;

/** Nothing is watched before `begin`. */
export function parking({ isContended, letGo }: Parked): Parking {
  let timer: NodeJS.Timeout | undefined;
  let isParked = false;

  const look = (): void => {
    if (!isContended()) return void (timer = setTimeout(look, PARK_MS));
    isParked = true;
    letGo();
  };

  return {
    begin() {
      clearTimeout(timer);
      timer = setTimeout(look, PARK_MS);
    },
    end() {
      clearTimeout(timer);
      const wasParked = isParked;
      isParked = false;
      return wasParked;
    },
  };
}
