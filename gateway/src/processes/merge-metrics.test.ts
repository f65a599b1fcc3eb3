import { expect, test } from 'vitest';
import { mergeMetrics } from './merge-metrics.ts';

function text(count: number): string {
  return [
    '# HELP a_total What is counted.',
    '# TYPE a_total counter',
    `a_total{code="x y"} ${count}`,
    `a_total{} ${count + 1}`,
    '',
    '# HELP b Now.',
    '# TYPE b gauge',
    `b ${count}`,
    '',
  ].join('\n');
}

test('each series of each process is there once, under one heading, with whose it is', () => {
  expect(
    mergeMetrics([
      { process: 1, gateway: 'gtw_0001', text: text(5) },
      { process: 2, gateway: 'gtw_0002', text: text(7) },
    ]),
  ).toBe(`# HELP a_total What is counted.
# TYPE a_total counter
a_total{process="1",gateway="gtw_0001",code="x y"} 5
a_total{process="1",gateway="gtw_0001"} 6
a_total{process="2",gateway="gtw_0002",code="x y"} 7
a_total{process="2",gateway="gtw_0002"} 8

# HELP b Now.
# TYPE b gauge
b{process="1",gateway="gtw_0001"} 5
b{process="2",gateway="gtw_0002"} 7
`);
});
