// The peer of the benchmark: `oidc-provider`, one process, one sign-in form without script.
// See README.md for the requests that a load program sends.

import { createServer } from 'node:http';
import { hash, verify } from '@node-rs/argon2';
import { Provider } from 'oidc-provider';

import { configuration, user } from './settings.mjs';
import { openStore } from './stores/index.mjs';

const port = Number(process.env.PEER_PORT ?? 8100);
const hashing = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const passwordHash = await hash(user.password, hashing);
const origin = `http://127.0.0.1:${port}`;
const adapter = await openStore(process.env.PEER_STORE ?? 'memory');
const provider = new Provider(origin, configuration(adapter));
const protocol = provider.callback();

const form = (uid) => `<!doctype html><html lang="en"><title>Sign in</title>
<form method="post" action="/interaction/${uid}"><label>Username <input name="username"></label>
<label>Password <input name="password" type="password"></label><button id="sign-in">Sign in</button></form></html>`;

async function interaction(request, response) {
  const { uid } = await provider.interactionDetails(request, response);
  if (request.method === 'GET') {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' });
    return response.end(form(uid));
  }
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  const fields = new URLSearchParams(body);
  const username = fields.get('username') ?? '';
  const known = username.replace(/-\d+$/, '') === user.username;
  const right = await verify(passwordHash, fields.get('password') ?? '');
  if (!known || !right) return response.writeHead(401).end();
  const result = { login: { accountId: username, amr: ['pwd'] } };
  return provider.interactionFinished(request, response, result);
}

const server = createServer((request, response) => {
  if (!request.url.startsWith('/interaction/')) return protocol(request, response);
  interaction(request, response).catch((error) => {
    if (!response.headersSent) response.writeHead(error.statusCode ?? 500);
    response.end();
  });
});

server.listen(port, '127.0.0.1', () => console.log(`ready ${origin} pid ${process.pid} node ${process.version}`));
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}
