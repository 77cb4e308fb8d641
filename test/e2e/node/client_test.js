// npm's etcd3, which speaks through @grpc/grpc-js, against the member that ETCD_ENDPOINT names.
'use strict';

const assert = require('node:assert');
const net = require('node:net');
const { test, after } = require('node:test');
const { Etcd3 } = require('etcd3');

const client = new Etcd3({ hosts: process.env.ETCD_ENDPOINT });
after(() => client.close());

test('put, get and delete', async () => {
  await client.put('k1').value('1');
  await client.put('k2').value('2');
  assert.strictEqual(await client.get('k1').string(), '1');
  const all = await client.getAll().prefix('k').sort('Value', 'Descend').strings();
  assert.deepStrictEqual(all, { k2: '2', k1: '1' });
  const deleted = await client.delete().key('k1');
  assert.strictEqual(deleted.deleted, '1');
  assert.strictEqual(await client.get('k1').string(), null);
});

test('transactions', async () => {
  const create = () => client
    .if('txn', 'Create', '==', 0)
    .then(client.put('txn').value('v'))
    .else(client.get('txn'))
    .commit();
  assert.strictEqual((await create()).succeeded, true);
  const again = await create();
  assert.strictEqual(again.succeeded, false);
  assert.strictEqual(again.responses[0].response_range.kvs[0].value.toString(), 'v');
});

test('errors have their text', async () => {
  await assert.rejects(
    async () => { await client.put('').value('v'); },
    (error) => error.message.includes('etcdserver: key is not provided'),
  );
});

test('status', async () => {
  const status = await client.maintenance.status();
  assert.strictEqual(status.version, '3.7.1');
});

// Who connects to ETCD_RESTART restarts the member.
test('a restarted member is found again', async () => {
  await client.put('restart').value('before');
  const [host, port] = process.env.ETCD_RESTART.split(':');
  const answer = await net.connect({ host, port: Number(port) }).setEncoding('utf8').toArray();
  assert.strictEqual(answer.join(''), 'restarted');
  // etcd3 leaves it to its user to try again.
  const deadline = Date.now() + 20_000;
  let value;
  while (value === undefined) {
    try {
      value = await client.get('restart').string();
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
  }
  assert.strictEqual(value, 'before');
  await client.put('restart').value('after');
});
