// @grpc/grpc-js as the client of rpc_test_server: ../cases.txt. INTEROP_PROTOS are the folders of
// interop.proto and of our own .proto files, with ':' between.
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { after, test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const packages = grpc.loadPackageDefinition(protoLoader.loadSync(
  ['interop.proto', 'proto/health.proto', 'proto/reflection.proto'],
  { keepCase: true, longs: Number, enums: String, includeDirs: process.env.INTEROP_PROTOS.split(':') },
));
const { Interop } = packages.cornerstore.interop;

const clients = [];
after(() => clients.forEach((client) => client.close()));

// To the server whose address is in the variable `name`.
function connectTo(Client, name, options = {}, credentials = grpc.credentials.createInsecure()) {
  const client = new Client(process.env[name], credentials, {
    'grpc.max_receive_message_length': 64 << 20,
    // A connection of its own.
    'grpc.use_local_subchannel_pool': 1,
    ...options,
  });
  clients.push(client);
  return client;
}
const connect = (options) => connectTo(Interop, 'INTEROP_ADDRESS', options);

const deadline = (milliseconds = 30_000) => ({ deadline: Date.now() + milliseconds });

// One answer, with its trailers; fails as the call does, the error having the trailers as metadata.
function ask(client, method, request, metadata = new grpc.Metadata(), options = deadline()) {
  return new Promise((resolve, reject) => {
    let reply;
    client[method](request, metadata, options, (error, answer) => {
      if (error) reject(error);
      reply = answer;
    }).on('status', (status) => {
      if (status.code === grpc.status.OK) resolve({ ...reply, trailers: status.metadata });
    });
  });
}
const unary = (client, request, ...rest) => ask(client, 'Unary', request, ...rest);

async function collect(stream, onReply = () => {}) {
  let count = 0;
  for await (const reply of stream) await onReply(reply, ++count);
  return count;
}

async function waitUntilNoneHangs(client) {
  const end = Date.now() + 10_000;
  while ((await ask(client, 'Progress', {})).bytes > 0) {
    assert.ok(Date.now() < end, 'the server has not heard of it');
    await sleep(1);
  }
}

const failsWith = (promise, code, details) => assert.rejects(promise, (error) => {
  assert.strictEqual(grpc.status[error.code], grpc.status[code]);
  if (details !== undefined) assert.strictEqual(error.details, details);
  return true;
});

test('unary', async () => {
  const reply = await unary(connect(), { payload: Buffer.from('hello') });
  assert.strictEqual(reply.payload.toString(), 'hello');
});

test('twenty megabytes', async () => {
  const payload = Buffer.alloc(20 << 20, '0123456789abcdef');
  const reply = await unary(connect(), { payload });
  assert.ok(reply.payload.equals(payload));
});

test('odd error texts', async () => {
  const message = '50% déjà vu\nnext line 日本語';
  const request = { code: grpc.status.FAILED_PRECONDITION, message };
  await failsWith(unary(connect(), request), grpc.status.FAILED_PRECONDITION, message);
});

test('unknown methods', async () => {
  const client = connect();
  const call = (method) => new Promise((resolve, reject) => {
    const same = (bytes) => bytes;
    client.makeUnaryRequest(method, same, same, Buffer.alloc(0), (error) => reject(error));
  });
  await failsWith(call('/cornerstore.interop.Interop/Nothing'), grpc.status.UNIMPLEMENTED,
    'unknown method Nothing for service cornerstore.interop.Interop');
  await failsWith(call('/a.B/C'), grpc.status.UNIMPLEMENTED, 'unknown service a.B');
});

test('binary metadata', async () => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const metadata = new grpc.Metadata();
  metadata.set('echo-bytes-bin', all);
  metadata.set('echo-text', 'plain');
  const good = await unary(connect(), {}, metadata);
  const bad = await unary(connect(), { code: grpc.status.ABORTED }, metadata).catch((error) => error);
  for (const trailers of [good.trailers, bad.metadata]) {
    assert.deepStrictEqual(trailers.get('echo-bytes-bin'), [all]);
    assert.deepStrictEqual(trailers.get('echo-text'), ['plain']);
  }
});

test('gzip', async () => {
  const client = connect({ 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip });
  const payload = Buffer.alloc(500_000, 'z');
  const reply = await unary(client, { payload });
  assert.ok(reply.payload.equals(payload));
});

test('too large', async () => {
  const payload = Buffer.alloc(64 << 20);
  await failsWith(unary(connect(), { payload }), grpc.status.RESOURCE_EXHAUSTED,
    'grpc: received message larger than max (67108869 vs. 67108864)');
});

test('server stream counts', async () => {
  const stream = connect().ServerStream({ count: 20_000, size: 10 }, deadline());
  const count = await collect(stream, (reply, number) => {
    assert.strictEqual(reply.messages, number);
    assert.strictEqual(reply.payload.length, 10);
  });
  assert.strictEqual(count, 20_000);
});

test('server stream waits', async () => {
  const client = connect();
  const before = (await ask(client, 'Progress', {})).messages;
  const stream = client.ServerStream({ count: 2000, size: 10_000 }, deadline());
  const count = await collect(stream, async (reply, number) => {
    assert.strictEqual(reply.messages, number);
    assert.strictEqual(reply.payload.length, 10_000);
    if (number !== 10) return;
    await sleep(300);
    const produced = (await ask(client, 'Progress', {})).messages - before;
    assert.ok(produced <= 1000, `the server produced ${produced}`);
  });
  assert.strictEqual(count, 2000);
});

test('server stream ends with an error', async () => {
  let count = 0;
  const request = { count: 3, code: grpc.status.RESOURCE_EXHAUSTED, message: 'enough' };
  const stream = connect().ServerStream(request, deadline());
  await failsWith(collect(stream, () => { ++count; }), grpc.status.RESOURCE_EXHAUSTED, 'enough');
  assert.strictEqual(count, 3);
});

test('client stream counts', async () => {
  const client = connect();
  const reply = await new Promise((resolve, reject) => {
    const stream = client.ClientStream(deadline(),
      (error, answer) => (error ? reject(error) : resolve(answer)));
    for (let i = 0; i < 20_000; ++i) stream.write({ payload: Buffer.from('abc') });
    stream.end();
  });
  assert.strictEqual(reply.messages, 20_000);
  assert.strictEqual(reply.bytes, 60_000);
});

test('bidi stream echoes', async () => {
  const stream = connect().BidiStream(deadline());
  const sendHundred = (from) => {
    for (let i = from; i < from + 100; ++i) stream.write({ payload: Buffer.from(String(i)) });
  };
  sendHundred(0);
  const count = await collect(stream, (reply, number) => {
    assert.strictEqual(reply.payload.toString(), String(number - 1));
    if (number === 20_000) stream.end();
    else if (number % 100 === 0) sendHundred(number);
  });
  assert.strictEqual(count, 20_000);
});

test('early errors', async () => {
  const client = connect();
  for (let i = 0; i < 200; ++i) {
    const stream = client.BidiStream(deadline());
    stream.write({ code: grpc.status.PERMISSION_DENIED, message: 'not you' });
    await failsWith(collect(stream), grpc.status.PERMISSION_DENIED, 'not you');
  }
});

test('deadline', async () => {
  const client = connect();
  const call = unary(client, { hang: true }, new grpc.Metadata(), deadline(100));
  await failsWith(call, grpc.status.DEADLINE_EXCEEDED);
  await waitUntilNoneHangs(client);
});

test('cancellation', async () => {
  const client = connect();
  const stream = client.ServerStream({ count: 1, hang: true }, deadline());
  const canceled = collect(stream, async () => {
    assert.strictEqual((await ask(client, 'Progress', {})).bytes, 1);
    stream.cancel();
  });
  await failsWith(canceled, grpc.status.CANCELLED);
  await waitUntilNoneHangs(client);
});

test('parallel calls', async () => {
  const client = connect();
  await Promise.all(Array.from({ length: 500 }, async (_, i) => {
    const reply = await unary(client, { payload: Buffer.from(String(i)) });
    assert.strictEqual(reply.payload.toString(), String(i));
  }));
});

test('pings of the server', async () => {
  const stream = connectTo(Interop, 'INTEROP_PING_ADDRESS').BidiStream(deadline());
  stream.write({ payload: Buffer.from('before') });
  await collect(stream, async (reply, number) => {
    assert.strictEqual(reply.payload.toString(), number === 1 ? 'before' : 'after');
    if (number === 2) return stream.end();
    await sleep(2000);
    stream.write({ payload: Buffer.from('after') });
  });
});

// grpc-js tells HTTP/2's ENHANCE_YOUR_CALM by this code.
test('too many pings', async () => {
  const client = connect({ 'grpc.keepalive_time_ms': 20 });
  await failsWith(unary(client, { hang: true }), grpc.status.RESOURCE_EXHAUSTED);
  await waitUntilNoneHangs(connect());
});

test('graceful shutdown', async () => {
  const client = connectTo(Interop, 'INTEROP_DRAIN_ADDRESS');
  const stream = client.BidiStream(deadline());
  stream.write({ payload: Buffer.from('before') });
  const count = await collect(stream, async (reply, number) => {
    assert.strictEqual(reply.payload.toString(), number === 1 ? 'before' : 'after');
    if (number === 2) return stream.end();
    await ask(client, 'Drain', {});
    await failsWith(unary(client, {}), grpc.status.UNAVAILABLE);
    stream.write({ payload: Buffer.from('after') });
  });
  assert.strictEqual(count, 2);
});

test('health', async () => {
  const client = connectTo(packages.grpc.health.v1.Health, 'INTEROP_ADDRESS');
  assert.strictEqual((await ask(client, 'Check', {})).status, 'SERVING');
  await failsWith(ask(client, 'Check', { service: 'nobody' }), grpc.status.NOT_FOUND, 'unknown service');
  const watch = client.Watch({ service: 'nobody' }, deadline());
  const canceled = collect(watch, (reply) => {
    assert.strictEqual(reply.status, 'SERVICE_UNKNOWN');
    watch.cancel();
  });
  await failsWith(canceled, grpc.status.CANCELLED);
});

test('reflection', async () => {
  const client = connectTo(packages.grpc.reflection.v1.ServerReflection, 'INTEROP_ADDRESS');
  const stream = client.ServerReflectionInfo(deadline());
  stream.write({ list_services: '' });
  await collect(stream, (reply, number) => {
    if (number === 1) {
      const names = reply.list_services_response.service.map((service) => service.name);
      assert.ok(names.includes('cornerstore.interop.Interop'), names);
      assert.ok(names.includes('grpc.health.v1.Health'), names);
      stream.write({ file_containing_symbol: 'grpc.health.v1.Health' });
    } else {
      assert.ok(reply.file_descriptor_response.file_descriptor_proto.length > 0);
      stream.end();
    }
  });
});

const certificate = (name) => fs.readFileSync(path.join(process.env.INTEROP_CERTIFICATES, name));
const connectWithTls = (...pair) => connectTo(Interop, 'INTEROP_MUTUAL_TLS_ADDRESS',
  { 'grpc.ssl_target_name_override': 'localhost' },
  grpc.credentials.createSsl(certificate('ca.pem'), ...pair));

test('client certificates', async () => {
  const client = connectWithTls(certificate('client.key'), certificate('client.pem'));
  const reply = await unary(client, { size: 1 << 20 });
  assert.strictEqual(reply.payload.length, 1 << 20);
});

test('no client certificate', async () => {
  await failsWith(unary(connectWithTls(), {}), grpc.status.UNAVAILABLE);
});
