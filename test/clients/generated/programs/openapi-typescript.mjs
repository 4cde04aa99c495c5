// Writes the types of a description, by the generator's own example for bytes: node openapi-typescript.mjs URL FILE
import { writeFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';

const [, , url, file] = process.argv;
const blob = ts.factory.createTypeReferenceNode('Blob');
const transform = ({ format }) => (format === 'binary' ? blob : undefined);
writeFileSync(file, astToString(await openapiTS(new URL(url), { transform })));
