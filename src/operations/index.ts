// The table of operations. Its order is the contract's precedence; the first that fits answers.
import type { Target } from '../core/key.js';
import type { OperationSettings } from '../config/settings.js';
import type { FileRequest } from '../http/request.js';
import { appendUpload } from './resumable/append-upload.js';
import { beginDirect } from './direct/begin-direct.js';
import { cancelDirect } from './direct/cancel-direct.js';
import { completeDirect } from './direct/complete-direct.js';
import { directForm } from './direct/direct-form.js';
import { directParts } from './direct/direct-parts.js';
import { makeTicket } from './direct/make-ticket.js';
import { beginUpload } from './resumable/begin-upload.js';
import { cancelUpload } from './resumable/cancel-upload.js';
import { readUpload } from './resumable/read-upload.js';
import { accessList } from './access-list.js';
import { batch } from './batch.js';
import { form, formFile } from './form.js';
import { importFile } from './import/import.js';
import { listLinks } from './links/list-links.js';
import { openLink } from './links/open-link.js';
import { revokeLink } from './links/revoke-link.js';
import { share } from './links/share.js';
import { list, search } from './list.js';
import { makeFolder, makeFolderNamed } from './make-folder.js';
import type { Method, Operation } from './operation.js';
import { folderProperties, properties } from './properties.js';
import { read } from './read.js';
import { remove } from './remove.js';
import { removeBatch } from './remove-batch.js';
import { removeFolder } from './remove-folder.js';
import { signRead, signWrite } from './sign.js';
import { spec } from './spec.js';
import { update, updateFolder } from './update.js';
import { listVersions } from './versions/list-versions.js';
import { purge } from './versions/purge.js';
import { restore } from './versions/restore.js';
import { listTrash } from './versions/trash.js';
import { usage } from './quota/usage.js';
import { uploadLink, uploadLinkForm } from './upload-link.js';
import { write, writeNamed } from './write.js';
import { zip } from './zip.js';
import { zipSelection } from './zip-selection.js';

/** Every operation, in order of precedence (contract section 1.4). */
export const OPERATIONS: readonly Operation[] = [
  spec,
  accessList,
  usage,
  zip,
  folderProperties,
  listTrash,
  listLinks,
  signRead,
  search,
  list,
  listVersions,
  properties,
  read,
  beginUpload,
  share,
  restore,
  writeNamed,
  makeFolderNamed,
  importFile,
  makeTicket,
  signWrite,
  form,
  zipSelection,
  batch,
  makeFolder,
  formFile,
  write,
  updateFolder,
  update,
  purge,
  removeBatch,
  removeFolder,
  remove,
  uploadLink,
  uploadLinkForm,
  openLink,
  revokeLink,
  readUpload,
  appendUpload,
  cancelUpload,
  beginDirect,
  directParts,
  completeDirect,
  cancelDirect,
  directForm,
];

/** By method and target, so that a request looks at the few operations that can fit. */
const CANDIDATES = new Map<string, readonly Operation[]>();
for (const operation of OPERATIONS)
  for (const method of operation.methods)
    for (const target of operation.targets) {
      const slot = `${method} ${target}`;
      CANDIDATES.set(slot, [...(CANDIDATES.get(slot) ?? []), operation]);
    }

/** The operation that answers a request; undefined when the method is not allowed on the target. */
export function findOperation(
  method: string,
  target: Target,
  request: FileRequest<unknown>,
  settings: OperationSettings,
): Operation | undefined {
  return CANDIDATES.get(`${method} ${target.kind}`)?.find(
    ({ when }) => when === undefined || when(request, settings),
  );
}

const METHODS: readonly Method[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** The value of `Allow` for a target (RFC 9110 section 10.2.1). */
export function allowedMethods(target: Target, settings: OperationSettings): string {
  const methods = METHODS.filter((method) =>
    CANDIDATES.get(`${method} ${target.kind}`)?.some(({ enabled }) => enabled?.(settings) ?? true),
  );
  return [...methods, 'OPTIONS'].join(', ');
}
