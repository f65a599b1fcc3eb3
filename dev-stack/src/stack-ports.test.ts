import { expect, test } from 'vitest';
import { describePort, portNames } from './stack-ports.ts';

test('no default port is one that Linux gives to outgoing connections, which would hold it now and then', () => {
  for (const name of portNames) expect(describePort(name).port).toBeLessThan(32_768);
});
