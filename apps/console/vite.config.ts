import { defineConfig } from 'vite';

export default defineConfig({
  base: '/',
  publicDir: false,
  // What the content security policy allows is script and style of our own address, so nothing is written inline.
  build: {
    manifest: true,
    outDir: 'dist/web',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
