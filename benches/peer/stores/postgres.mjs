// Storage in PostgreSQL: each write is a statement that commits by itself.

import pg from 'pg';

import { adapter, statements, tables } from './rows.mjs';

/** The adapter class over the new database at `url`. */
export async function postgres(url) {
  const pool = new pg.Pool({ connectionString: url });
  await pool.query(tables('bigint'));
  const texts = statements((number) => `$${number}`);
  // A named statement is prepared once for each connection.
  const query = async (name, ...values) => (await pool.query({ name, text: texts[name], values })).rows[0];
  return adapter(query, query);
}
