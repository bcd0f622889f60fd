// Where the peer keeps its entries: an adapter of `oidc-provider` for each kind of storage.

import { Memory } from './memory.mjs';

/**
 * The adapter class for `where`: `memory`, `sqlite:` and a path, or a `postgres://` URL. Its tables are made.
 * What the latter two acknowledge is durable.
 */
export async function openStore(where) {
  if (where === 'memory') return Memory;
  if (where.startsWith('sqlite:')) {
    const { sqlite } = await import('./sqlite.mjs');
    return sqlite(where.slice('sqlite:'.length));
  }
  if (where.startsWith('postgres:')) {
    const { postgres } = await import('./postgres.mjs');
    return postgres(where);
  }
  throw new Error('PEER_STORE is memory, sqlite:PATH or postgres://…');
}
