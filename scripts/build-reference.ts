// Puts together the page that shows the OpenAPI document: a viewer from npm, served from our own origin; the folder to build
// into is the only argument. scripts/build-site.ts runs this.
import { copyFileSync, cpSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const [target] = process.argv.slice(2);
if (target === undefined) throw new Error('usage: build-reference.ts <folder>');
const viewer = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

mkdirSync(target, { recursive: true });
cpSync(join(import.meta.dirname, 'reference'), target, { recursive: true });
for (const file of [
  'swagger-ui-bundle.js',
  'swagger-ui-bundle.js.LICENSE.txt',
  'swagger-ui.css',
  'LICENSE',
  'NOTICE',
]) {
  copyFileSync(join(viewer, file), join(target, file));
}
