// npm's etcd3: watches, leases, locks and elections, against the member that ETCD_ENDPOINT names.
'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { test, after } = require('node:test');
const { Etcd3, EtcdLockFailedError } = require('etcd3');

const client = new Etcd3({ hosts: process.env.ETCD_ENDPOINT });
after(() => client.close());

test('a watch tells what comes', async () => {
  const watcher = await client.watch().prefix('watch/').withPreviousKV().create();
  const put = once(watcher, 'put');
  await client.put('watch/a').value('1');
  const [kv] = await put;
  assert.deepStrictEqual([kv.key.toString(), kv.value.toString()], ['watch/a', '1']);
  const deleted = once(watcher, 'delete');
  await client.delete().key('watch/a');
  const [, previous] = await deleted;
  assert.strictEqual(previous.value.toString(), '1');
  await watcher.cancel();
});

test('a watch begins in history', async () => {
  const first = await client.put('history').value('1');
  await client.put('history').value('2');
  const watcher = client.watch().key('history').startRevision(first.header.revision).watcher();
  const values = [];
  await new Promise((resolve) => {
    watcher.on('put', (kv) => {
      values.push(kv.value.toString());
      if (values.length === 2) resolve();
    });
  });
  assert.deepStrictEqual(values, ['1', '2']);
  await watcher.cancel();
});

test('keys go with their lease', async () => {
  const lease = client.lease(60);
  await lease.put('leased').value('v');
  await lease.keepaliveOnce();
  assert.strictEqual(await client.get('leased').string(), 'v');
  await lease.revoke();
  assert.strictEqual(await client.get('leased').string(), null);
});

test('a lock is held by one', async () => {
  const lock = await client.lock('lock').ttl(10).acquire();
  await assert.rejects(client.lock('lock').acquire(), EtcdLockFailedError);
  await lock.release();
  assert.strictEqual(await client.lock('lock').do(() => 'done'), 'done');
});

test('an election is won by one after the other', async () => {
  const election = client.election('election', 10);
  const first = election.campaign('one');
  await once(first, 'elected');
  assert.strictEqual(await election.leader(), 'one');
  const second = election.campaign('two');
  const elected = once(second, 'elected');
  await first.resign();
  await elected;
  assert.strictEqual(await election.leader(), 'two');
  await second.resign();
});
