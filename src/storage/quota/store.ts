// What a quota remembers, and where: in this process, or in Redis for all instances.

/**
 * What is known of one container.
 *
 * @example
 * const left = (allowed: number, { used, reserved }: QuotaState): number => allowed - used - reserved;
 */
export interface QuotaState {
  /** Bytes of the files that are there. */
  readonly used: number;
  /** How many they are. */
  readonly files: number;
  /** Bytes of the writes that are under way. */
  readonly reserved: number;
}

/**
 * Where a quota is kept. Every method is one atomic step; a custom store makes quotas of several instances one.
 *
 * @example
 * const shared = async (store: QuotaStore): Promise<number> => (await store.look('acme/'))?.used ?? 0;
 */
export interface QuotaStore {
  /**
   * Adds `bytes` to the reservation `id` when all that is used and reserved then stays within `allowed`, else adds
   * nothing. Null when nothing is known of the container yet.
   */
  reserve(
    container: string,
    reservation: { readonly id: string; readonly bytes: number; readonly allowed: number },
  ): Promise<(QuotaState & { readonly granted: boolean }) | null>;
  /** Ends a reservation, there or not, and adds what came of it; below 0 is taken away. */
  settle(
    container: string,
    change: { readonly id: string; readonly bytes: number; readonly files: number },
  ): Promise<void>;
  /** Null when nothing is known of the container yet. */
  look(container: string): Promise<QuotaState | null>;
  /** Sets what was counted and ends every reservation; with `isFirst` only when nothing is known yet. */
  reset(
    container: string,
    counted: { readonly used: number; readonly files: number; readonly isFirst: boolean },
  ): Promise<void>;
}

interface Kept {
  used: number;
  files: number;
  readonly reservations: Map<string, number>;
}

/** A quota of one process. */
export function memoryQuota(): QuotaStore {
  const containers = new Map<string, Kept>();
  const stateOf = ({ used, files, reservations }: Kept): QuotaState => {
    let reserved = 0;
    for (const bytes of reservations.values()) reserved += bytes;
    return { used, files, reserved };
  };
  return {
    reserve: async (container, { id, bytes, allowed }) => {
      const kept = containers.get(container);
      if (kept === undefined) return null;
      const { used, reserved } = stateOf(kept);
      const granted = bytes <= 0 || used + reserved + bytes <= allowed;
      if (granted) kept.reservations.set(id, (kept.reservations.get(id) ?? 0) + bytes);
      return { ...stateOf(kept), granted };
    },
    settle: async (container, { id, bytes, files }) => {
      const kept = containers.get(container);
      if (kept === undefined) return;
      kept.reservations.delete(id);
      kept.used = Math.max(0, kept.used + bytes);
      kept.files = Math.max(0, kept.files + files);
    },
    look: async (container) => {
      const kept = containers.get(container);
      return kept === undefined ? null : stateOf(kept);
    },
    reset: async (container, { used, files, isFirst }) => {
      if (isFirst && containers.has(container)) return;
      containers.set(container, { used, files, reservations: new Map() });
    },
  };
}
