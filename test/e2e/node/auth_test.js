// npm's etcd3 as a user of the members that ETCD_SIMPLE and ETCD_JWT name, and of ETCD_FORGETFUL, which
// forgets a token that nobody has used for a second.
'use strict';

const assert = require('node:assert');
const { test } = require('node:test');
const { setTimeout: pause } = require('node:timers/promises');
const {
  Etcd3, EtcdAuthenticationFailedError, EtcdPermissionDeniedError,
} = require('etcd3');

const FORGOTTEN_MS = 2500;

async function withUser(member, username, password, use) {
  const auth = username === undefined ? undefined : { username, password };
  const client = new Etcd3({ hosts: process.env[member], auth });
  try {
    await use(client);
  } finally {
    client.close();
  }
}

function withAnn(member, use) {
  return withUser(member, 'ann', process.env.ETCD_ANN_PASSWORD, use);
}

for (const member of ['ETCD_SIMPLE', 'ETCD_JWT']) {
  test(`a user may what his role allows, ${member}`, () => withAnn(member, async (client) => {
    await client.put('a/node').value('1');
    assert.strictEqual(await client.get('a/node').string(), '1');
    assert.strictEqual(await client.getAll().prefix('a/node').count(), 1);
    await assert.rejects(async () => { await client.put('b').value('1'); }, EtcdPermissionDeniedError);
    await assert.rejects(async () => { await client.get('b').string(); }, EtcdPermissionDeniedError);
    await assert.rejects(async () => { await client.getRoles(); }, EtcdPermissionDeniedError);
    const lease = client.lease(60);
    await lease.put('a/leased').value('1');
    await lease.keepaliveOnce();
    await lease.revoke();
    assert.strictEqual(await client.get('a/leased').string(), null);
    const watcher = await client.watch().key('a/watched').create();
    const told = new Promise((resolve) => { watcher.on('put', resolve); });
    await client.put('a/watched').value('1');
    assert.strictEqual((await told).value.toString(), '1');
    await watcher.cancel();
  }));

  test(`who is nobody is refused, ${member}`, async () => {
    await withUser(member, undefined, undefined, (client) => assert.rejects(
      async () => { await client.get('a/node').string(); },
      (error) => error.message.includes('etcdserver: user name is empty'),
    ));
    await withUser(member, 'ann', 'wrong', (client) => assert.rejects(
      async () => { await client.get('a/node').string(); }, EtcdAuthenticationFailedError,
    ));
  });
}

test('a forgotten token is renewed', () => withAnn('ETCD_FORGETFUL', async (client) => {
  await client.put('a/renewed').value('1');
  await pause(FORGOTTEN_MS);
  await client.put('a/renewed').value('2');
  await pause(FORGOTTEN_MS);
  assert.strictEqual(await client.get('a/renewed').string(), '2');
}));
