import { apiUrl, blobPath, call } from './api.js';

const Kept = 160;
const Size = 256;

// An <img> cannot send a key, so thumbnails are fetched; the map's order is that of their last use.
const kept = new Map();

/** Puts an upload's thumbnail into an <img>; the image gets the class "missing" where there is none. */
export async function showThumbnail(image, upload) {
  const id = `${upload.name}\n${upload.eTag ?? upload.time ?? ''}`;
  try {
    image.src = await (kept.get(id) ?? load(id, upload.name));
    touch(id);
  } catch {
    kept.delete(id);
    image.classList.add('missing');
  }
}

function load(id, name) {
  const loading = fetchObjectUrl(name);
  kept.set(id, loading);
  dropOldest();
  return loading;
}

async function fetchObjectUrl(name) {
  const response = await call(apiUrl(`uploads/${blobPath(name)}`, { thumbnail: Size }), { askKey: false, onWait: () => {} });
  return URL.createObjectURL(await response.blob());
}

function touch(id) {
  const entry = kept.get(id);
  if (entry) {
    kept.delete(id);
    kept.set(id, entry);
  }
}

function dropOldest() {
  while (kept.size > Kept) {
    const [id, entry] = kept.entries().next().value;
    kept.delete(id);
    entry.then(URL.revokeObjectURL, () => {});
  }
}
