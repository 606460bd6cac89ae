export function wait(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }

    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });

    function done() {
      signal?.removeEventListener('abort', stop);
      resolve();
    }

    function stop() {
      clearTimeout(timer);
      reject(signal.reason);
    }
  });
}

export function debounce(action, milliseconds) {
  let timer;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(action, milliseconds);
  };
  later.cancel = () => clearTimeout(timer);
  return later;
}

/** Only the newest of several runs counts: starting one aborts the one before. */
export class Latest {
  #controller = null;

  start() {
    this.cancel();
    this.#controller = new AbortController();
    return this.#controller.signal;
  }

  cancel() {
    this.#controller?.abort();
    this.#controller = null;
  }
}
