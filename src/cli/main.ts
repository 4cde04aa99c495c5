#!/usr/bin/env node
// The command `s3files`.
import { runCommand } from './run.js';

const { env, stdout: out, stderr: err } = process;
void runCommand(process.argv.slice(2), { env, out, err }).then((code) => {
  process.exitCode = code;
});
