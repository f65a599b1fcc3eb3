import { expect, test } from 'vitest';
import { replaceSection, sectionEnd, sectionStart } from './replace-section.ts';

test('replaces only what stands between the marks, and can do so again', () => {
  const page = `# Bench\n\n${sectionStart}\nold\n${sectionEnd}\n\nMore.\n`;
  const once = replaceSection(page, '| new |\n') ?? '';
  expect(once).toBe(`# Bench\n\n${sectionStart}\n\n| new |\n\n${sectionEnd}\n\nMore.\n`);
  expect(replaceSection(once, '| new |')).toBe(once);
});

test.each(['', sectionStart, `${sectionEnd} ${sectionStart}`, `${sectionStart}${sectionStart}${sectionEnd}`])(
  'leaves a page alone that lacks the marks: %o',
  (page) => {
    expect(replaceSection(page, 'new')).toBeUndefined();
  },
);
