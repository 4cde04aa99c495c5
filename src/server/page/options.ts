// What a host may say about the page.
import { checkOptions } from '../../policies/known-options.js';

/** What of the page can be left out, whatever the caller may do. */
export type PageFeature = 'upload' | 'newFolder' | 'rename' | 'move' | 'copy' | 'delete' | 'share';

/** Options of the page. All are optional. */
export interface PageOptions {
  /** In the top bar and in the window's title. @default 'Files' */
  readonly title?: string;
  /** Address of a picture for the top bar, of the page's own origin. */
  readonly logo?: string;
  /** A CSS colour for buttons, links and the selection. */
  readonly accent?: string;
  /** Address of a style sheet that sets the page's custom properties, `--s3f-accent` and so on. */
  readonly stylesheet?: string;
  /** Language of texts, dates and numbers: `'de'`, `'en-GB'`. @default the browser's */
  readonly locale?: string;
  /** Folder that opens first, such as `'inbox/'`. @default the root */
  readonly start?: string;
  /** Shows nothing that changes anything. @default false */
  readonly readOnly?: boolean;
  /** False leaves a feature out: `{ share: false }`. */
  readonly features?: Partial<Readonly<Record<PageFeature, boolean>>>;
  /** Where a caller who is not signed in is sent. */
  readonly signIn?: string;
  /** Where a caller goes to sign out. */
  readonly signOut?: string;
  /** Further sources for the content security policy, such as the storage's origin. */
  readonly cspExtra?: {
    readonly connect?: readonly string[];
    readonly img?: readonly string[];
    readonly media?: readonly string[];
  };
}

/** What the page's script reads from its `<meta name="s3files">`. */
export interface PageConfig extends Omit<PageOptions, 'cspExtra' | 'stylesheet'> {
  /** Names of the operations that the service offers. */
  readonly operations: readonly string[];
}

const NAMES: readonly (keyof PageOptions)[] = [
  'title',
  'logo',
  'accent',
  'stylesheet',
  'locale',
  'start',
  'readOnly',
  'features',
  'signIn',
  'signOut',
  'cspExtra',
];
const FEATURES: readonly PageFeature[] = [
  'upload',
  'newFolder',
  'rename',
  'move',
  'copy',
  'delete',
  'share',
];
// CSP level 3 section 2.3.1: a source has no whitespace, comma or semicolon.
const SOURCE = /^[^\s,;]+$/;

/** @throws TypeError that names the option */
export function checkPageOptions(options: PageOptions): void {
  checkOptions('filePage', options, NAMES);
  checkOptions('filePage: "features"', options.features ?? {}, FEATURES);
  checkOptions('filePage: "cspExtra"', options.cspExtra ?? {}, ['connect', 'img', 'media']);
  for (const source of Object.values(options.cspExtra ?? {}).flat())
    if (!SOURCE.test(source))
      throw new TypeError(`filePage: "cspExtra" takes sources such as "https://s3.example.com".`);
  const { start = '', locale } = options;
  if (start !== '' && (!start.endsWith('/') || start.startsWith('/')))
    throw new TypeError('filePage: "start" takes a folder, such as "inbox/".');
  if (locale !== undefined) new Intl.Locale(locale);
}
