import { expect, test } from 'vitest';
import { DnsCache, inTurns, type LookUp, type NameAnswer } from './dns-cache.ts';

const second = 1000;
const minute = 60 * second;
const refused = Object.assign(new Error('queryA ESERVFAIL'), { code: 'ESERVFAIL' });

/** Names that are looked up by hand, and a clock that is set by hand. */
class Bench {
  nowMs = 0;
  /** Look-ups under way. */
  readonly asked: { name: string; answer: Parameters<LookUp>[1] }[] = [];
  readonly names = new DnsCache(
    (name, answer) => this.asked.push({ name, answer }),
    () => this.nowMs,
  );

  /** Answers the look-up that began first. */
  answer(addresses: readonly string[] | Error): void {
    const [first] = this.asked.splice(0, 1);
    if (addresses instanceof Error) first?.answer(addresses, []);
    else first?.answer(null, addresses);
  }

  learn(name: string): NameAnswer[] {
    const answers: NameAnswer[] = [];
    this.names.learn(name, (answer) => answers.push(answer));
    return answers;
  }
}

test('a name is looked up once for all who wait for it', () => {
  const bench = new Bench();
  const heard = [bench.learn('exit.example'), bench.learn('exit.example')];
  expect(bench.asked.map(({ name }) => name)).toEqual(['exit.example']);
  expect(bench.names.known('exit.example')).toBeUndefined();
  bench.answer(['192.0.2.1']);
  expect(heard).toEqual([[{ addresses: ['192.0.2.1'] }], [{ addresses: ['192.0.2.1'] }]]);
  expect(bench.names.known('exit.example')).toEqual(['192.0.2.1']);
});

test('an answer is good for half a minute, and then serves while the name is looked up again, once', () => {
  const bench = new Bench();
  bench.learn('exit.example');
  bench.answer(['192.0.2.1']);
  bench.nowMs = 30 * second - 1;
  expect(bench.names.known('exit.example')).toEqual(['192.0.2.1']);
  expect(bench.asked).toEqual([]);
  bench.nowMs = 30 * second;
  expect([bench.names.known('exit.example'), bench.names.known('exit.example')]).toEqual([
    ['192.0.2.1'],
    ['192.0.2.1'],
  ]);
  expect(bench.asked).toHaveLength(1);
  bench.answer(['192.0.2.2']);
  expect(bench.names.known('exit.example')).toEqual(['192.0.2.2']);
  expect(bench.asked).toEqual([]);
});

test('who has not dialled for a minute waits for what is true now', () => {
  const bench = new Bench();
  bench.learn('exit.example');
  bench.answer(['192.0.2.1']);
  bench.nowMs = minute;
  expect(bench.names.known('exit.example')).toBeUndefined();
  const heard = bench.learn('exit.example');
  bench.answer(['192.0.2.2']);
  expect(heard).toEqual([{ addresses: ['192.0.2.2'] }]);
});

test('while nobody answers, an old answer serves for five minutes', () => {
  const bench = new Bench();
  bench.learn('exit.example');
  bench.answer(['192.0.2.1']);
  bench.nowMs = 2 * minute;
  const heard = bench.learn('exit.example');
  bench.answer(refused);
  expect(heard).toEqual([{ addresses: ['192.0.2.1'] }]);
  // Nobody waits any more for what does not come.
  bench.nowMs = 5 * minute - 1;
  expect(bench.names.known('exit.example')).toEqual(['192.0.2.1']);
  expect(bench.asked).toHaveLength(1);
  bench.answer(refused);
  expect(bench.asked).toEqual([]);
  bench.nowMs = 5 * minute;
  expect(bench.names.known('exit.example')).toBeUndefined();
  const late = bench.learn('exit.example');
  bench.answer(refused);
  expect(late).toEqual([{ error: refused }]);
});

test('a name that there is no more is forgotten at once', () => {
  const bench = new Bench();
  const gone = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
  bench.learn('exit.example');
  bench.answer(['192.0.2.1']);
  bench.nowMs = 30 * second;
  expect(bench.names.known('exit.example')).toEqual(['192.0.2.1']);
  bench.answer(gone);
  expect(bench.names.known('exit.example')).toBeUndefined();
});

test('a look-up that fails, or finds nothing, is told and not remembered', () => {
  const bench = new Bench();
  const failed = bench.learn('exit.example');
  bench.answer(refused);
  const nothing = bench.learn('exit.example');
  bench.answer([]);
  expect(failed).toEqual([{ error: refused }]);
  expect(nothing).toMatchObject([{ error: { message: 'exit.example has no address' } }]);
  expect(bench.names.known('exit.example')).toBeUndefined();
});

test('an address that was reached is tried first from then on, as long as the name leads to it', () => {
  const bench = new Bench();
  bench.learn('exit.example');
  bench.answer(['192.0.2.1', '192.0.2.2', '192.0.2.3']);
  bench.names.prefer('exit.example', '192.0.2.3');
  bench.names.prefer('exit.example', '192.0.2.9');
  bench.names.prefer('other.example', '192.0.2.3');
  expect(bench.names.known('exit.example')).toEqual(['192.0.2.3', '192.0.2.1', '192.0.2.2']);
});

test('the memory for names is bounded: who was learnt longest ago makes room', () => {
  const bench = new Bench();
  for (let index = 0; index <= 4096; index += 1) {
    bench.learn(`exit-${index}.example`);
    bench.answer(['192.0.2.1']);
  }
  expect(bench.names.known('exit-0.example')).toBeUndefined();
  expect(bench.names.known('exit-1.example')).toBeDefined();
  expect(bench.names.known('exit-4096.example')).toBeDefined();
});

test.each([
  [[], []],
  [['192.0.2.1'], ['192.0.2.1']],
  [
    ['2001:db8::1', '2001:db8::2', '2001:db8::3', '192.0.2.1'],
    ['2001:db8::1', '192.0.2.1', '2001:db8::2', '2001:db8::3'],
  ],
  [
    ['192.0.2.1', '2001:db8::1', '2001:db8::2', '2001:db8::3'],
    ['192.0.2.1', '2001:db8::1', '2001:db8::2', '2001:db8::3'],
  ],
])('addresses of two families take turns: %j', (addresses, expected) => {
  expect(inTurns(addresses)).toEqual(expected);
});

test('the system is asked as for every other program: its hosts file counts', async () => {
  const { promise, resolve } = Promise.withResolvers<NameAnswer>();
  new DnsCache().learn('localhost', resolve);
  const { addresses = [] } = await promise;
  expect(['127.0.0.1', '::1']).toEqual(expect.arrayContaining([...addresses]));
  expect(addresses).not.toEqual([]);
});
