import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  build: {
    target: 'es2023',
    // The policy of the pages lets no data: scripts or styles in, and a file of its own is kept for ever.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
