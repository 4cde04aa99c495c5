import { defineConfig } from 'tsup';

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    client: 'src/client/file-client.ts',
    page: 'src/server/page/file-page.ts',
    fetch: 'src/server/fetch/fetch-handler.ts',
    fastify: 'src/server/frameworks/fastify.ts',
    nest: 'src/server/frameworks/nest.ts',
    cli: 'src/cli/main.ts',
  },
  // The page's files lie beside it, in CommonJS too.
  shims: true,
  format: ['esm', 'cjs'],
  target: 'node20',
  dts: true,
  clean: true,
  sourcemap: true,
  esbuildOptions: (options, { format }) => {
    // Lines of errors are those of the sources; the sources themselves are in the repository.
    options.sourcesContent = false;
    // Jest runs CommonJS in a context that has no `import()`.
    if (format === 'cjs') options.supported = { 'dynamic-import': false };
  },
});
