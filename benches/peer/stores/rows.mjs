// An entry as a row: one table for everything, as most adapters have it.

const grantable = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken']);

/** The table, in the words that SQLite and PostgreSQL share; `integer` names their type of eight bytes. */
export const tables = (integer) => `
  CREATE TABLE entries (
    model text NOT NULL,
    id text NOT NULL,
    payload text NOT NULL,
    expires_at ${integer} NOT NULL,
    consumed_at ${integer},
    grant_id text,
    uid text,
    PRIMARY KEY (model, id)
  );
  CREATE INDEX entries_grant ON entries (grant_id) WHERE grant_id IS NOT NULL;
  CREATE INDEX entries_uid ON entries (model, uid) WHERE uid IS NOT NULL;`;

/** The statements of an adapter; `$` makes the name of the parameter with that number. */
export const statements = ($) => ({
  upsert: `INSERT INTO entries (model, id, payload, expires_at, grant_id, uid)
    VALUES (${$(1)}, ${$(2)}, ${$(3)}, ${$(4)}, ${$(5)}, ${$(6)})
    ON CONFLICT (model, id) DO UPDATE SET payload = excluded.payload, expires_at = excluded.expires_at`,
  find: `SELECT payload, consumed_at FROM entries WHERE model = ${$(1)} AND id = ${$(2)} AND expires_at > ${$(3)}`,
  findByUid: `SELECT payload, consumed_at FROM entries WHERE model = ${$(1)} AND uid = ${$(2)} AND expires_at > ${$(3)}`,
  consume: `UPDATE entries SET consumed_at = ${$(3)} WHERE model = ${$(1)} AND id = ${$(2)}`,
  destroy: `DELETE FROM entries WHERE model = ${$(1)} AND id = ${$(2)}`,
  revokeByGrantId: `DELETE FROM entries WHERE grant_id = ${$(1)}`,
});

/** Seconds since 1970. */
const now = () => Math.floor(Date.now() / 1000);

/** The parameters of `upsert`. */
function rowOf(model, id, payload, expiresIn) {
  const grant = grantable.has(model) ? payload.grantId : undefined;
  const expiresAt = expiresIn === undefined ? Number.MAX_SAFE_INTEGER : now() + expiresIn;
  return [model, id, JSON.stringify(payload), expiresAt, grant ?? null, payload.uid ?? null];
}

/** The payload in a row that was found. */
function payloadOf(row) {
  if (!row) return undefined;
  const payload = JSON.parse(row.payload);
  if (row.consumed_at !== null) payload.consumed = Number(row.consumed_at);
  return payload;
}

/** The adapter class over `read` and `write`, which run the statement of that name with these values. */
export const adapter = (read, write) =>
  class {
    constructor(model) {
      this.model = model;
    }

    upsert(id, payload, expiresIn) {
      return write('upsert', ...rowOf(this.model, id, payload, expiresIn));
    }

    async find(id) {
      return payloadOf(await read('find', this.model, id, now()));
    }

    async findByUid(uid) {
      return payloadOf(await read('findByUid', this.model, uid, now()));
    }

    consume(id) {
      return write('consume', this.model, id, now());
    }

    destroy(id) {
      return write('destroy', this.model, id);
    }

    revokeByGrantId(grantId) {
      return write('revokeByGrantId', grantId);
    }
  };
