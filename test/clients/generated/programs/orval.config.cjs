// Where Orval reads and writes, both given by the test.
module.exports = {
  files: {
    input: process.env.SPEC,
    output: {
      target: './made/orval.ts',
      client: 'axios-functions',
      headers: true,
      urlEncodeParameters: true,
      override: { mutator: { path: './send.ts', name: 'send' } },
    },
  },
};
