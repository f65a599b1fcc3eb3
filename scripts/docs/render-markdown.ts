import { dirname, join } from 'node:path/posix';
import GithubSlugger from 'github-slugger';
import highlighter from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import http from 'highlight.js/lib/languages/http';
import ini from 'highlight.js/lib/languages/ini';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import python from 'highlight.js/lib/languages/python';
import sql from 'highlight.js/lib/languages/sql';
import typescript from 'highlight.js/lib/languages/typescript';
import MarkdownIt from 'markdown-it';
import { pageAddress } from './page-address.ts';

/** A heading that can be linked to. */
export interface Heading {
  readonly level: number;
  readonly id: string;
  readonly text: string;
}

/** A page as HTML, with what its frame needs to know. */
export interface RenderedMarkdown {
  /** Its first heading. */
  readonly title: string;
  readonly html: string;
  readonly headings: readonly Heading[];
}

const languages = { bash, http, ini, javascript, json, python, sql, typescript };
for (const [name, language] of Object.entries(languages)) highlighter.registerLanguage(name, language);
highlighter.registerAliases(['toml'], { languageName: 'ini' });

/** Renders one file of `docs/`; `files` are all there are, so that links among them become addresses. */
export function renderMarkdown(text: string, file: string, files: ReadonlySet<string>): RenderedMarkdown {
  const markdown = new MarkdownIt({ html: true, highlight });
  markdown.renderer.rules['table_open'] = () => '<div class="table"><table>';
  markdown.renderer.rules['table_close'] = () => '</table></div>';
  const tokens = markdown.parse(text, {});
  const own = new Set([...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id ?? ''));
  const slugger = new GithubSlugger();
  const headings: Heading[] = [];
  for (const [index, token] of tokens.entries()) {
    const inline = tokens[index + 1];
    if (token.type === 'heading_open' && inline !== undefined) {
      const words = (inline.children ?? []).map((child) => child.content).join('');
      const id = slugger.slug(words);
      headings.push({ level: Number(token.tag.slice(1)), id, text: words });
      // Where the text has an anchor of that name already, the heading needs none.
      if (!own.has(id)) token.attrSet('id', id);
    }
    if (token.type === 'heading_close' && token.tag !== 'h1') {
      const { id = '', text: words = '' } = headings.at(-1) ?? {};
      const label = markdown.utils.escapeHtml(`Link to "${words}"`);
      const link = new MarkdownIt.Token('html_inline', '', 0);
      link.content = `<a class="anchor" href="#${id}" aria-label="${label}">#</a>`;
      tokens[index - 1]?.children?.push(link);
    }
    // The policy of the site takes no style from the text.
    const [, side] = /^text-align:([a-z]+)$/.exec(String(token.attrGet('style') ?? '')) ?? [];
    if (side !== undefined) Object.assign(token, { attrs: [['class', side]] });
    const children = token.children ?? [];
    for (const [place, child] of children.entries()) {
      if (child.type !== 'link_open') continue;
      const href = siteLink(String(child.attrGet('href') ?? ''), file, files);
      const close = children.find((other, at) => at > place && other.type === 'link_close');
      if (href !== undefined) child.attrSet('href', href);
      else for (const tag of [child, close]) if (tag !== undefined) Object.assign(tag, { type: 'text', content: '' });
    }
  }
  const html = markdown.renderer.render(tokens, markdown.options, {});
  return { title: headings[0]?.text ?? file, html, headings };
}

/** A link as the site has it; `undefined` for a file of the repository that is no page. */
function siteLink(href: string, file: string, files: ReadonlySet<string>): string | undefined {
  if (/^(?:[a-z]+:|#|\/)/.test(href)) return href;
  const [path = '', fragment] = href.split('#');
  const target = join(dirname(file), path);
  if (!files.has(target)) return undefined;
  return fragment === undefined ? pageAddress(target) : `${pageAddress(target)}#${fragment}`;
}

const aliases: Readonly<Record<string, string>> = { sh: 'bash', js: 'javascript', ts: 'typescript', py: 'python' };

function highlight(code: string, info: string): string {
  const [name = ''] = info.split(' ');
  const language = aliases[name] ?? name;
  if (highlighter.getLanguage(language) === undefined) return '';
  return highlighter.highlight(code, { language, ignoreIllegals: true }).value;
}
