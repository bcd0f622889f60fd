// Storage in memory for the peer. The one that comes with `oidc-provider` forgets all but its newest
// thousand entries, which a load of refresh tokens exceeds; this one forgets nothing but what expired.

const entries = new Map();
const grants = new Map();
const uids = new Map();

const grantable = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken']);

/** The adapter interface of `oidc-provider`, over three maps. */
export class Memory {
  constructor(model) {
    this.model = model;
  }

  async upsert(id, payload, expiresIn) {
    const key = `${this.model}:${id}`;
    entries.set(key, { payload, expiresAt: Date.now() + (expiresIn ?? Infinity) * 1000 });
    if (payload.uid) uids.set(payload.uid, id);
    if (payload.grantId && grantable.has(this.model)) {
      const keys = grants.get(payload.grantId) ?? new Set();
      grants.set(payload.grantId, keys.add(key));
    }
  }

  async find(id) {
    const key = `${this.model}:${id}`;
    const entry = entries.get(key);
    if (entry && entry.expiresAt > Date.now()) return entry.payload;
    entries.delete(key);
    return undefined;
  }

  findByUid(uid) {
    return this.find(uids.get(uid));
  }

  async consume(id) {
    const { payload } = entries.get(`${this.model}:${id}`);
    payload.consumed = Math.floor(Date.now() / 1000);
  }

  async destroy(id) {
    const key = `${this.model}:${id}`;
    const payload = entries.get(key)?.payload;
    entries.delete(key);
    if (payload?.uid) uids.delete(payload.uid);
    if (payload?.grantId) grants.get(payload.grantId)?.delete(key);
  }

  async revokeByGrantId(grantId) {
    for (const key of grants.get(grantId) ?? []) entries.delete(key);
    grants.delete(grantId);
  }
}
