import type { NavigationGroup, NavigationPage } from './navigation.ts';
import type { RenderedMarkdown } from './render-markdown.ts';

type Page = NavigationPage & RenderedMarkdown;

/** A short page needs no table of its contents. */
const leastContents = 3;

/** A whole page: the text between its navigation and its contents. */
export function renderPage(page: Page, navigation: readonly NavigationGroup[]): string {
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${escapeHtml(page.title)} · Marvel</title>
    <link rel="icon" href="/favicon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="/docs/docs.css">
  </head>
  <body>
    <a class="skip" href="#text">Skip to the text</a>
    <header>
      <a class="brand" href="/docs/">Marvel <span>docs</span></a>
      <a href="/">Dashboard</a>
      <a href="/v1/docs/">API reference</a>
    </header>
    <div class="frame">
      <details class="menu">
        <summary>Pages</summary>
        ${renderNavigation(page, navigation, 'Pages, small screen')}
      </details>
      <aside class="pages">
        ${renderNavigation(page, navigation, 'Pages')}
      </aside>
      <main id="text" tabindex="-1">
${page.html}
${renderNeighbours(page, navigation)}
      </main>
      ${renderContents(page)}
    </div>
  </body>
</html>
`;
}

function renderNavigation(page: Page, navigation: readonly NavigationGroup[], label: string): string {
  const groups = navigation.map(({ title, pages }) => {
    const links = pages.map((each) => {
      const current = each.file === page.file ? ' aria-current="page"' : '';
      return `<li><a href="${each.address}"${current}>${escapeHtml(each.title)}</a></li>`;
    });
    return `<p>${escapeHtml(title)}</p><ul>${links.join('')}</ul>`;
  });
  return `<nav aria-label="${label}">${groups.join('')}</nav>`;
}

function renderContents({ headings }: Page): string {
  const sections = headings.filter(({ level }) => level === 2);
  if (sections.length < leastContents) return '';
  const links = sections.map(({ id, text }) => `<li><a href="#${id}">${escapeHtml(text)}</a></li>`);
  return `<aside class="contents"><nav aria-label="On this page"><p>On this page</p><ul>${links.join('')}</ul></nav></aside>`;
}

/** The pages before and after in the order of the navigation. */
function renderNeighbours(page: Page, navigation: readonly NavigationGroup[]): string {
  const pages = navigation.flatMap((group) => group.pages);
  const place = pages.findIndex(({ file }) => file === page.file);
  if (place === -1) return '';
  const [before, after] = [pages[place - 1], pages[place + 1]];
  const links = [
    before === undefined ? '' : `<a rel="prev" href="${before.address}">← ${escapeHtml(before.title)}</a>`,
    after === undefined ? '' : `<a rel="next" href="${after.address}">${escapeHtml(after.title)} →</a>`,
  ];
  return `<footer>${links.join('')}</footer>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
