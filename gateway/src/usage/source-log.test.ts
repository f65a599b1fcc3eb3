import { maxBatchRecords } from '@marvel/shared/usage-batch';
import { expect, test } from 'vitest';
import { SourceLog } from './source-log.ts';

test('each pair of credential and address is told of once; an IPv6 client is its /64', () => {
  const log = new SourceLog();
  for (let times = 0; times < 3; times += 1) {
    log.note('key_0001', '9.9.9.9');
    log.note('key_0002', '9.9.9.9');
    log.note('key_0001', '2001:db8::1:2');
    log.note('key_0001', '');
  }
  expect(log.draw()).toEqual([
    { credential: 'key_0001', source_ip: '9.9.9.9' },
    { credential: 'key_0002', source_ip: '9.9.9.9' },
    { credential: 'key_0001', source_ip: '2001:db8:0:0::/64' },
  ]);
  log.note('key_0001', '9.9.9.9');
  expect(log.isEmpty).toBe(true);
});

test('a batch takes as many as it has room for, and the rest goes into the next', () => {
  const log = new SourceLog();
  for (let index = 0; index < maxBatchRecords + 1; index += 1) log.note('key_0001', `9.9.${index >> 8}.${index & 255}`);
  expect(log.draw()).toHaveLength(maxBatchRecords);
  expect(log.draw()).toHaveLength(1);
});
