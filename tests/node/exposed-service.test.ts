import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCommand } from '../../node/cli/command.ts';
import { connectionsOf, exposedServiceOf } from '../../node/cli/exposed-service.ts';
import { Output } from '../../node/cli/output.ts';
import { targetOf } from '../../node/cli/tcp-target.ts';
import { expose } from '../../node/commands/expose.ts';
import { connectionsWithin } from '../../node/open-files.ts';

test('a service to expose has a name and ports of its own where they are said', () => {
  const plain = { name: undefined, host: '127.0.0.1', port: 3000, ports: undefined };
  assert.deepEqual(exposedServiceOf('3000'), plain);
  assert.deepEqual(exposedServiceOf('blog=3000@80,443'), { ...plain, name: 'blog', ports: [80, 443] });
  assert.deepEqual(exposedServiceOf('6=[::1]:22@22'), { name: '6', host: '::1', port: 22, ports: [22] });
  for (const wrong of ['', '=80', 'a/b=80', 'blog=', '80@', '80@http', '80@80,', '80@0', 'a=b=80', '80@80@80', '80\n@80'])
    assert.throws(() => exposedServiceOf(wrong), { kind: 'malformed' }, wrong);
});

test('services that would have one key, and one name for several, are refused before anything starts', async () => {
  for (const [args, words] of [
    [['80', '127.0.0.1:80'], /'127\.0\.0\.1:80' is there twice: a second service, .* as in second=127\.0\.0\.1:80/],
    [['blog=80', 'blog=81'], /'blog' is there twice/],
    [['80', '81', '--name', 'both'], /--name is of a single service/],
  ] as const) {
    const stop = new AbortController().signal;
    await assert.rejects(expose.run({ ...parseCommand(expose, args), output: new Output(true), stop }), {
      kind: 'malformed',
      message: words,
    });
  }
  for (const wrong of ['0', '-1', '1e3', 'many', '1000000']) assert.throws(() => connectionsOf(wrong), { kind: 'malformed' }, wrong);
});

test('a local service is named by a port, or host and port', () => {
  assert.deepEqual(targetOf('80'), { host: '127.0.0.1', port: 80 });
  assert.deepEqual(targetOf('localhost:8080'), { host: 'localhost', port: 8080 });
  assert.deepEqual(targetOf('[::1]:8080'), { host: '::1', port: 8080 });
  for (const wrong of ['', '0', '65536', 'http', ':80', 'a b:80', 'localhost:', '1:2:3', 'http://localhost:80']) {
    assert.throws(() => targetOf(wrong), { kind: 'malformed' }, wrong);
  }
});

test('where few files may be open there are fewer connections, and it is said', () => {
  assert.equal(connectionsWithin(2_048, 1_048_576), 2_048);
  assert.equal(connectionsWithin(2_048, 1_024), 896);
  assert.equal(connectionsWithin(2_048, 100), 50);
  assert.equal(connectionsWithin(2_048, -1), 1);
});
