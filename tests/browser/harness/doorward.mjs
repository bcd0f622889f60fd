// A Doorward server of the test's own: empty data folder, free ports, gone afterwards.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { environment, program, serveArguments } from './cli.mjs';
import { freePort } from './net.mjs';

const READY_WITHIN_MS = 30_000;

/** One server. Users and clients are created through the CLI on its data folder, before or while it runs. */
export class Doorward {
  #process;
  #log = '';

  static async prepare() {
    const server = new Doorward();
    server.port = await freePort();
    server.managementPort = await freePort();
    server.issuer = `http://localhost:${server.port}`;
    server.dataDir = await mkdtemp(join(tmpdir(), 'doorward-browser-'));
    return server;
  }

  /** Starts the program and waits until `/ready` says yes. */
  async start() {
    const args = serveArguments(this);
    this.#process = spawn(program, args, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    const started = this.#process;
    process.once('exit', () => started.kill('SIGKILL'));
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.#log += text));
    }
    let failure;
    this.#process.on('error', (error) => (failure = error));
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!(await this.#isReady())) {
      if (failure) throw failure;
      if (this.#process.exitCode !== null) throw new Error(`doorward stopped:\n${this.#log}`);
      if (Date.now() > deadline) throw new Error(`doorward is not ready:\n${this.#log}`);
      await sleep(50);
    }
  }

  /** Stops the program as an operator does. Its data stays. */
  async halt() {
    const running = this.#process;
    this.#process = undefined;
    if (!running?.pid || running.exitCode !== null || running.signalCode !== null) return;
    running.kill('SIGTERM');
    await once(running, 'exit');
  }

  /** Stops the program and deletes its data. */
  async stop() {
    await this.halt();
    if (this.dataDir) await rm(this.dataDir, { recursive: true, force: true });
  }

  /** What the program has printed so far. */
  get log() {
    return this.#log;
  }

  async #isReady() {
    try {
      return (await fetch(`http://127.0.0.1:${this.port}/ready`)).ok;
    } catch {
      return false;
    }
  }
}
