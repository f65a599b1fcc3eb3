// Renders the pages of `docs/` into HTML that needs no script; the folder to build into is the only argument. Source of the
// look: the tokens of the dashboard. scripts/build-site.ts runs this.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { navigationOf } from './docs/navigation.ts';
import { readPages } from './docs/read-pages.ts';
import { renderPage } from './docs/render-page.ts';

const [target] = process.argv.slice(2);
if (target === undefined) throw new Error('usage: build-docs.ts <folder>');
const pages = readPages();
const navigation = navigationOf(pages);

for (const page of pages) {
  const place = join(
    target,
    page.file.replace(/(?:README)?\.md$/, (end) => (end === 'README.md' ? 'index.html' : '.html')),
  );
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(place, renderPage(page, navigation));
}
copyFileSync(join(import.meta.dirname, 'docs/docs.css'), join(target, 'docs.css'));
