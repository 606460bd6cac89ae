import { askForKey, currentKey } from './key.js';
import { wait } from './timing.js';

const LongestWait = 60;

/** What the server, or the lack of one, answered instead of a result. */
class ApiError extends Error {
  constructor(status, problem, waitSeconds = null) {
    super(problem.detail ?? problem.title ?? `The server answered ${status}.`);
    this.status = status;
    this.problem = problem;
    this.waitSeconds = waitSeconds;
  }
}

export function isAbort(error) {
  return error?.name === 'AbortError';
}

/** An address of the API, as the page may stand behind a path prefix. */
export function apiUrl(path, query = {}) {
  const url = new URL(`api/${path}`, document.baseURI);
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) {
      url.searchParams.set(name, value);
    }
  }

  return url;
}

/** The path of an upload inside an address: slashes divide folders, the rest is escaped. */
export function blobPath(name) {
  return name.split('/').map(encodeURIComponent).join('/');
}

/**
 * Sends a request. Where the server wants a key, the person is asked; where it is busy, it is asked once more after the
 * time that it names (`onWait` hears the seconds).
 */
export async function call(url, { method = 'GET', headers = {}, body, signal, onWait, askKey = true } = {}) {
  const send = key => fetch(url, {
    method,
    body,
    signal,
    headers: key === null ? headers : { ...headers, 'x-functions-key': key },
  });
  let response = await sendWithKey(send, askKey);
  const seconds = retryAfter(response);
  if (onWait && seconds !== null && seconds <= LongestWait) {
    onWait(seconds);
    await wait(seconds * 1000, signal);
    response = await sendWithKey(send, askKey);
  }

  if (!response.ok) {
    throw await errorOf(response);
  }

  return response;
}

export async function getJson(url, options) {
  return readJson(await call(url, options));
}

export async function postJson(url, value, options) {
  return readJson(await call(url, {
    ...options,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
  }));
}

export async function postForm(url, form, options) {
  return readJson(await call(url, { ...options, method: 'POST', body: form }));
}

/** Pictures in order, then the fields; a list becomes a repeated field. */
export function formOf(pictures, fields) {
  const form = new FormData();
  for (const picture of pictures) {
    form.append('image', picture.file, picture.name);
  }

  for (const [name, value] of Object.entries(fields)) {
    for (const one of [value].flat()) {
      if (one !== null && one !== undefined) {
        form.append(name, one);
      }
    }
  }

  return form;
}

async function sendWithKey(send, askKey) {
  for (;;) {
    const key = currentKey();
    const response = await reach(() => send(key));
    if (response.status !== 401) {
      return response;
    }

    // Another request may have got a key from the person meanwhile.
    const hasNewKey = currentKey() !== key;
    if (!hasNewKey && (!askKey || !await askForKey(key !== null))) {
      return response;
    }
  }
}

async function reach(send) {
  try {
    return await send();
  } catch (error) {
    if (isAbort(error)) {
      throw error;
    }

    throw new ApiError(0, { title: 'The server cannot be reached', detail: 'Check that it runs and that you are online.' });
  }
}

async function readJson(response) {
  try {
    return await response.json();
  } catch (error) {
    if (isAbort(error)) {
      throw error;
    }

    throw new ApiError(response.status, { title: 'The answer cannot be read', detail: 'The server sent something other than JSON.' });
  }
}

async function errorOf(response) {
  let problem = {};
  try {
    problem = await response.json();
  } catch {
    // A proxy's error page, for example.
  }

  if (!problem?.title) {
    problem = { title: `The server answered ${response.status}`, detail: response.statusText || undefined };
  }

  return new ApiError(response.status, problem, retryAfter(response));
}

function retryAfter(response) {
  if (response.status !== 429 && response.status !== 503) {
    return null;
  }

  const header = response.headers.get('retry-after');
  if (!header) {
    return null;
  }

  const seconds = /^\d+$/.test(header.trim()) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(1, Math.ceil(seconds)) : null;
}
