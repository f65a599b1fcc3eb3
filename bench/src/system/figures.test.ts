import { expect, test } from 'vitest';
import { Figures } from './figures.ts';

test('samples of one figure are gathered under it, in the order in which figures came', () => {
  const figures = new Figures();
  figures.add('load', 's', 2);
  figures.add('look-up', 'us', 0.5, 0.6);
  figures.add('load', 's', 3);
  expect(figures.all()).toEqual([
    { figure: 'load', unit: 's', samples: [2, 3] },
    { figure: 'look-up', unit: 'us', samples: [0.5, 0.6] },
  ]);
});
