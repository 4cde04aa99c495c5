// Before the first test: the page is built from the sources as they are now. Nothing happens when it is already.
import { buildPage } from '../../web/build.ts';

export default async function setup(): Promise<void> {
  await buildPage();
}
