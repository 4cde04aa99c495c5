// Files that a person chooses or drops, with the keys that they are to have.
import type { App } from '../app.js';
import { isSame } from '../model/kept-uploads.js';
import type { KeptUpload } from '../model/kept-uploads.js';
import type { Wanted } from '../model/transfers.js';

/** What may be chosen: files, a folder with everything in it, or a photo that is yet to be taken. */
export type Choice = 'files' | 'folder' | 'photo';

/** Opens the system's file dialog, or the camera of a phone. */
export function chooseFiles(app: App, choice: Choice): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.multiple = choice !== 'photo';
  input.webkitdirectory = choice === 'folder';
  if (choice === 'photo') {
    input.accept = 'image/*';
    // HTML Media Capture, section 5: the camera that looks away from who holds it. Only phones know the property.
    input.setAttribute('capture', 'environment');
  }
  const { folder } = app.route.value;
  input.addEventListener('change', () => {
    uploadAll(app, folder, { files: filesOf(input.files ?? []), emptyFolders: [] });
  });
  input.click();
}

/** Goes on with an upload that a reload has broken off, with the same file. */
export function chooseAgain(app: App, kept: KeptUpload): void {
  const input = document.createElement('input');
  input.type = 'file';
  input.addEventListener('change', () => {
    const [file] = input.files ?? [];
    if (file === undefined) return;
    if (isSame(kept, file)) app.transfers.add([{ path: kept.path, file }]);
    else app.toast(app.texts.anotherFile(kept.name));
  });
  input.click();
}

/** Files with their paths below the folder that they are dropped into. */
export interface Gathered {
  readonly files: Wanted;
  /** Folders without files, which no upload would make. */
  readonly emptyFolders: readonly string[];
}

/** Files of an input or of the clipboard. */
export function filesOf(files: Iterable<File>): Wanted {
  return [...files].map((file) => ({
    // A folder's files say where in it they lie.
    path: file.webkitRelativePath === '' ? file.name : file.webkitRelativePath,
    file,
  }));
}

/** Puts files into the queue, and makes the folders that would be empty. */
export function uploadAll(app: App, folder: string, { files, emptyFolders }: Gathered): void {
  app.transfers.add(files.map(({ path, file }) => ({ path: folder + path, file })));
  for (const path of emptyFolders)
    app.client.makeFolder(`${folder}${path}/`).then(
      () => void app.folder.refresh(),
      (error: unknown) => {
        const failure = app.explain(error, path);
        // A folder that is there already is what was wanted.
        if (!['already_exists', 'folder_exists'].includes(failure.reason)) app.fail(error, path);
      },
    );
}

/** Everything that was dropped, folders read to their ends. Asked for before the event is over. */
export async function gatherDropped(data: DataTransfer): Promise<Gathered> {
  const roots = [...data.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  if (roots.length === 0) return { files: filesOf(data.files), emptyFolders: [] };
  const files: { path: string; file: File }[] = [];
  const emptyFolders: string[] = [];
  const walk = async (entry: FileSystemEntry, lead: string): Promise<void> => {
    const path = lead + entry.name;
    if (entry.isFile) {
      files.push({ path, file: await fileOf(entry as FileSystemFileEntry) });
      return;
    }
    const children = await childrenOf(entry as FileSystemDirectoryEntry);
    if (children.length === 0) emptyFolders.push(path);
    for (const child of children) await walk(child, `${path}/`);
  };
  for (const root of roots) await walk(root, '');
  return { files, emptyFolders };
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

async function childrenOf(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    // Browsers give at most 100 at a time, and an empty list at the end.
    const some = await new Promise<readonly FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return all;
    all.push(...some);
  }
}
