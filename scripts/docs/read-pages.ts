import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { NavigationPage } from './navigation.ts';
import { pageAddress } from './page-address.ts';
import { renderMarkdown, type RenderedMarkdown } from './render-markdown.ts';

/** Every page of `docs/`, rendered, by the name of its file. */
export function readPages(): readonly (NavigationPage & RenderedMarkdown)[] {
  const source = resolve(import.meta.dirname, '../../docs');
  const files = globSync('**/*.md', { cwd: source }).toSorted();
  const known = new Set(files);
  return files.map((file) => {
    const rendered = renderMarkdown(readFileSync(join(source, file), 'utf8'), file, known);
    return { file, address: pageAddress(file), ...rendered };
  });
}
