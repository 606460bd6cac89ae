// The server takes about 29 MB and 64 pictures at a time by default.
const MostBytes = 24_000_000;
const MostPictures = 32;

/** Divides pictures, in their order, into what one request can bear. */
export function batchesOf(pictures) {
  const batches = [];
  let bytes = 0;
  for (const picture of pictures) {
    const last = batches.at(-1);
    bytes += picture.file.size;
    if (!last || last.length === MostPictures || bytes > MostBytes) {
      batches.push([picture]);
      bytes = picture.file.size;
    } else {
      last.push(picture);
    }
  }

  return batches;
}
