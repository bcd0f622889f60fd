// The demo of a test's own: Doorward, Notes and its API in one process, on free ports.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { environment } from './cli.mjs';
import { freePort } from './net.mjs';

const built = fileURLToPath(new URL('../../../target/debug/examples/demo', import.meta.url));

/** The demo as a process. */
export class Demo {
  #printed = '';

  static async start() {
    const demo = new Demo();
    const ports = [await freePort(), await freePort(), await freePort()];
    const args = ['--port', '--notes-port', '--api-port'].flatMap((flag, index) => [flag, `${ports[index]}`]);
    const program = process.env.DEMO_BIN ?? built;
    demo.process = spawn(program, args, { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
    process.once('exit', () => demo.process.kill('SIGKILL'));
    demo.process.stdout.setEncoding('utf8').on('data', (text) => (demo.#printed += text));
    demo.exited = once(demo.process, 'exit');
    demo.issuer = await demo.#says(/^Doorward {2}(\S+)$/m);
    demo.notes = await demo.#says(/^Notes {5}(\S+)$/m);
    demo.api = await demo.#says(/^API {7}(\S+)$/m);
    await demo.#says(/(Ctrl-C)/);
    return demo;
  }

  /** The user of that name, with the password that the demo printed. */
  user(username) {
    const [, password, role] = this.#printed.match(new RegExp(`^${username} +(\\S+) +(\\S+)$`, 'm'));
    return { username, password, role };
  }

  /** Stops it as Ctrl-C does, and returns the exit code. */
  async stop() {
    if (this.process.exitCode === null) this.process.kill('SIGINT');
    const [code] = await this.exited;
    return code;
  }

  async #says(pattern) {
    for (;;) {
      const found = this.#printed.match(pattern);
      if (found) return found[1];
      if (this.process.exitCode !== null) assert.fail(`the demo stopped:\n${this.#printed}`);
      await Promise.race([once(this.process.stdout, 'data'), this.exited]);
    }
  }
}
