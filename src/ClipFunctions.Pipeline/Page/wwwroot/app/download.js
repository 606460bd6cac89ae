import { call } from './api.js';
import { element } from './dom.js';

const Kept = 60_000;

/** Saves a file of the server. A link cannot send a key, so it is fetched first. */
export async function download(url, name) {
  const response = await call(url, { onWait: () => {} });
  const address = URL.createObjectURL(await response.blob());
  element('a', { href: address, download: name }).click();
  // The browser may read it a while after the click.
  setTimeout(() => URL.revokeObjectURL(address), Kept);
}
