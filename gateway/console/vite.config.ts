import { defineConfig } from 'vite';

export default defineConfig({
  // Relative addresses: the page works under any path prefix.
  base: './',
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    sourcemap: false,
    // Data URLs would need a wider Content-Security-Policy than 'self'.
    assetsInlineLimit: 0,
    // Monaco alone is above Vite's default; it is a chunk of its own, loaded after the page is shown.
    chunkSizeWarningLimit: 4000,
    rolldownOptions: {
      // "use client" in libraries means something to React servers only.
      onLog: (level, log, report) => log.code !== 'MODULE_LEVEL_DIRECTIVE' && report(level, log),
    },
  },
  worker: { format: 'es' },
  server: {
    proxy: { '/graphql': 'http://127.0.0.1:4000' },
  },
});
