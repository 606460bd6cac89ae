import { byId, setFieldError } from './dom.js';

const StorageName = 'clip-key';

let memory = null;
let asking = null;

export const keyEvents = new EventTarget();

/** The key that was entered in this browser tab, or null. */
export function currentKey() {
  try {
    return sessionStorage.getItem(StorageName) ?? memory;
  } catch {
    return memory;
  }
}

/** Asks the person; callers at the same time share one dialog. Resolves to false when it is dismissed. */
export function askForKey(wasRefused) {
  asking ??= openDialog(wasRefused).finally(() => {
    asking = null;
  });
  return asking;
}

function keep(key) {
  memory = key;
  try {
    sessionStorage.setItem(StorageName, key);
  } catch {
    // Storage is closed to this page: the key lasts until it is reloaded.
  }

  keyEvents.dispatchEvent(new Event('change'));
}

function openDialog(wasRefused) {
  const dialog = byId('key-dialog');
  const input = byId('key-input');
  const error = byId('key-error');
  input.value = '';
  setFieldError(input, error, wasRefused ? 'The server does not accept that key.' : null);
  dialog.showModal();
  input.focus();

  return new Promise(resolve => {
    const listening = new AbortController();
    const close = entered => {
      listening.abort();
      dialog.close();
      resolve(entered);
    };

    byId('key-form').addEventListener('submit', event => {
      event.preventDefault();
      const key = input.value.trim();
      if (key.length === 0) {
        setFieldError(input, error, 'Enter a key.');
        return;
      }

      keep(key);
      close(true);
    }, listening);
    byId('key-cancel').addEventListener('click', () => close(false), listening);
    dialog.addEventListener('cancel', () => close(false), listening);
  });
}
