// Renders the pages of `docs/` into HTML that needs no script; the folder to build into is the only argument. Source of the
// look: the tokens of the dashboard. scripts/build-site.ts runs this.
import { copyFileSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { navigationOf } from './docs/navigation.ts';
import { renderMarkdown } from './docs/render-markdown.ts';
import { pageAddress } from './docs/page-address.ts';
import { renderPage } from './docs/render-page.ts';

const [target] = process.argv.slice(2);
if (target === undefined) throw new Error('usage: build-docs.ts <folder>');
const root = resolve(import.meta.dirname, '..');
const source = join(root, 'docs');

const files = globSync('**/*.md', { cwd: source }).toSorted();
const pages = files.map((file) => {
  const rendered = renderMarkdown(readFileSync(join(source, file), 'utf8'), file, new Set(files));
  return { file, address: pageAddress(file), ...rendered };
});
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
