// Storage in a file of SQLite: what it acknowledges is on the disk. Writes that come in the same turn of the
// event loop share a commit, as Doorward's do.

import { DatabaseSync } from 'node:sqlite';

import { adapter, statements, tables } from './rows.mjs';

/** The adapter class over a new database at `path`. */
export function sqlite(path) {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  database.exec(tables('integer'));
  const prepared = Object.entries(statements((number) => `?${number}`));
  const run = Object.fromEntries(prepared.map(([name, text]) => [name, database.prepare(text)]));

  let waiting = [];
  function commit() {
    const group = waiting;
    waiting = [];
    try {
      database.exec('BEGIN IMMEDIATE');
      for (const { statement, values } of group) run[statement].run(...values);
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      for (const { failed } of group) failed(error);
      return;
    }
    for (const { done } of group) done();
  }
  const write = (statement, ...values) =>
    new Promise((done, failed) => {
      if (waiting.length === 0) setImmediate(commit);
      waiting.push({ statement, values, done, failed });
    });

  return adapter((statement, ...values) => run[statement].get(...values), write);
}
