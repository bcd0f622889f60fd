// Storage in PostgreSQL: each write is a statement that commits by itself.

import pg from 'pg';

import { now, payloadOf, rowOf, statements, tables } from './rows.mjs';

/** The adapter class over the new database at `url`. */
export async function postgres(url) {
  const pool = new pg.Pool({ connectionString: url });
  await pool.query(tables('bigint'));
  const texts = statements((number) => `$${number}`);
  // A named statement is prepared once for each connection.
  const query = async (name, ...values) => (await pool.query({ name, text: texts[name], values })).rows[0];

  return class Postgres {
    constructor(model) {
      this.model = model;
    }

    upsert(id, payload, expiresIn) {
      return query('upsert', ...rowOf(this.model, id, payload, expiresIn));
    }

    async find(id) {
      return payloadOf(await query('find', this.model, id, now()));
    }

    async findByUid(uid) {
      return payloadOf(await query('findByUid', this.model, uid, now()));
    }

    consume(id) {
      return query('consume', this.model, id, now());
    }

    destroy(id) {
      return query('destroy', this.model, id);
    }

    revokeByGrantId(grantId) {
      return query('revokeByGrantId', grantId);
    }
  };
}
