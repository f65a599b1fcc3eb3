import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { renderErrorsPage } from '../test-support/errors-page.ts';

it('the errors page says what the catalogue says; `node conformance/test-support/errors-page.ts` writes it', async () => {
  const page = await readFile(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  expect(page).toBe(renderErrorsPage());
});
