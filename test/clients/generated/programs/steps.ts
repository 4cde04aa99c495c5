// What each generated client does: a step for every operation of the description, in this order.

/** Steps by the name of the operation; each answers one text that all clients must agree on. */
export interface Steps {
  readonly describe: Step;
  readonly write: Step;
  readonly write_named: Step;
  readonly make_folder: Step;
  readonly make_folder_named: Step;
  readonly write_form: Step;
  readonly write_form_file: Step;
  readonly write_batch: Step;
  readonly import: Step;
  readonly sign_write: Step;
  readonly upload_link: Step;
  readonly share: Step;
  readonly open_link: Step;
  readonly list: Step;
  readonly search: Step;
  readonly list_access: Step;
  readonly read_folder_properties: Step;
  readonly read_properties: Step;
  readonly read: Step;
  readonly sign_read: Step;
  readonly zip: Step;
  readonly zip_selection: Step;
  readonly update_folder: Step;
  readonly update: Step;
  readonly remove_batch: Step;
  readonly remove_folder: Step;
  readonly remove: Step;
}

/** One call. */
export type Step = () => Promise<string>;

/** Makes the steps over the service at `root`; `imported` is the address of a file to import. */
export type MakeSteps = (root: string, imported: string) => Steps;

/** The names of entries, or what else is listed. */
export const namesOf = (list: readonly (string | { readonly name?: string | null })[]): string =>
  list.map((one) => (typeof one === 'string' ? one : (one.name ?? ''))).join(' ');

/** The first bytes of an archive, as text. */
export const startOf = async (bytes: Blob): Promise<string> =>
  (await bytes.slice(0, 2).text()) + (bytes.size > 100 ? ', whole' : '');

/** Of an upload link: what stands behind the last slash. */
export const tokenOf = (url: string): string => url.slice(url.lastIndexOf('/') + 1);

/** Fails a step whose answer is not what the description says. */
export const unexpected = (answer: unknown): never => {
  throw new Error(`not as expected: ${JSON.stringify(answer)}`);
};
