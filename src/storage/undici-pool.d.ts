// undici's entry replaces the dispatcher of the host's own `fetch` when it is loaded; its pool alone does not.
declare module 'undici/lib/dispatcher/pool.js' {
  import type { Pool } from 'undici';
  const pool: typeof Pool;
  export default pool;
}
