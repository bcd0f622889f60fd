// How the tests speak to the `doorward` program. Its flags are named here and nowhere else.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const built = fileURLToPath(new URL('../../../target/debug/doorward', import.meta.url));

/** The program under test: `DOORWARD_BIN`, or the debug build of this repository. */
export const program = process.env.DOORWARD_BIN ?? built;

/** The environment of the program: ours without settings that a developer's shell may carry. */
export function environment() {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('DOORWARD_'));
  return Object.fromEntries(kept);
}

/** The arguments that start a server on `port`, with its data in `dataDir`. */
export function serveArguments({ issuer, port, managementPort, dataDir }) {
  return [
    'serve',
    ['--issuer', issuer],
    ['--listen', `127.0.0.1:${port}`],
    ['--management-listen', `127.0.0.1:${managementPort}`],
    ['--data-dir', dataDir],
  ].flat();
}

/** Creates a user and returns what the program says about it. */
export function createUser(server, { username, password, email, roles = ['user'] }) {
  const args = ['user', 'create', username, '--password-stdin', '--email', email];
  for (const role of roles) args.push('--role', role);
  return json(server, args, `${password}\n`);
}

/**
 * Creates a client of a kind (`web`, `spa`, `machine`, `api`) from its metadata (RFC 7591 names) and returns
 * it, with `client_id` and any `client_secret`.
 */
export function createClient(server, kind, metadata) {
  const args = ['client', 'create', '--type', kind, '--name', metadata.client_name];
  for (const uri of metadata.redirect_uris ?? []) args.push('--redirect-uri', uri);
  for (const uri of metadata.post_logout_redirect_uris ?? []) args.push('--post-logout-redirect-uri', uri);
  for (const scope of metadata.scopes ?? []) args.push('--scope', scope);
  for (const audience of metadata.audiences ?? []) args.push('--audience', audience);
  for (const scope of metadata.essential_scopes ?? []) args.push('--essential-scope', scope);
  return json(server, args);
}

/** Creates an API with permissions, each with the words for it, and a role that holds them all. */
export async function createApi(server, { audience, name, permissions, role }) {
  const args = ['api', 'create', audience, '--name', name];
  for (const [permission, words] of Object.entries(permissions)) args.push('--permission', `${permission}=${words}`);
  await json(server, args);
  const holding = Object.keys(permissions).flatMap((permission) => ['--permission', permission]);
  return json(server, ['role', 'create', role, ...holding]);
}

/** Gives permissions to a role that is there. */
export function permit(server, role, permissions) {
  return json(server, ['role', 'update', role, ...permissions.flatMap((name) => ['--permission', name])]);
}

/** Creates a role that includes others and holds permissions, and gives it to a client. */
export async function empower(server, { client_id }, role, { contains = [], permissions = [] }) {
  const parts = [...permissions.flatMap((name) => ['--permission', name]), ...contains.flatMap((name) => ['--contains', name])];
  await json(server, ['role', 'create', role, ...parts]);
  return json(server, ['role', 'grant', role, '--client', client_id]);
}

async function json({ issuer, dataDir }, args, input = '') {
  const all = [...args, '--json', '--issuer', issuer, '--data-dir', dataDir];
  const output = await run(all, input);
  try {
    return JSON.parse(output);
  } catch {
    throw new Error(`doorward ${args.join(' ')} did not print JSON:\n${output}`);
  }
}

function run(args, input) {
  const child = spawn(program, args, { env: environment(), stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.on('error', () => {}); // a program that stops before reading says why on stderr
  child.stdin.end(input);
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`doorward ${args.join(' ')} exited with ${code}:\n${errors}${output}`));
    });
  });
}
