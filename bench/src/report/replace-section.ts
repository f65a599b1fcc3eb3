/** What stands around the part of a page that the benchmark writes. */
export const sectionStart = '<!-- results: written by `pnpm bench`, not by hand -->';
export const sectionEnd = '<!-- end of results -->';

/** The page with what stands between the marks replaced; `undefined` when they are not there, once and in order. */
export function replaceSection(page: string, section: string): string | undefined {
  const start = page.indexOf(sectionStart);
  const end = page.indexOf(sectionEnd);
  if (start === -1 || end < start || page.indexOf(sectionStart, start + 1) !== -1) return undefined;
  return `${page.slice(0, start + sectionStart.length)}\n\n${section.trim()}\n\n${page.slice(end)}`;
}
