import { byId, reveal } from './dom.js';
import { currentTab, openTab } from './tabs.js';

const Fallback = 'classify';
const pickers = new Map();

let lastId = 0;

/** The pictures that a tab works on: chosen, dropped or pasted. Fires `change`. */
export class PicturePicker extends EventTarget {
  items = [];
  #tab;

  constructor(tab) {
    super();
    this.#tab = tab;
    const input = byId(`${tab}-files`);
    byId(`${tab}-drop`).addEventListener('click', () => input.click());
    input.addEventListener('change', () => {
      this.add(input.files);
      // Else choosing the same file again would be no change.
      input.value = '';
    });
    pickers.set(tab, this);
  }

  add(files) {
    const added = [...files].map(file => ({ id: ++lastId, file, name: file.name || 'picture', url: URL.createObjectURL(file) }));
    if (added.length > 0) {
      this.items = [...this.items, ...added];
      this.dispatchEvent(new Event('change'));
      reveal(byId(`${this.#tab}-output`));
    }
  }

  remove(id) {
    const gone = this.items.find(item => item.id === id);
    if (gone) {
      URL.revokeObjectURL(gone.url);
      this.items = this.items.filter(item => item !== gone);
      this.dispatchEvent(new Event('change'));
    }
  }
}

/** Lets pictures be dropped and pasted anywhere on the page. */
export function startDropAndPaste() {
  let depth = 0;
  const mark = by => {
    depth = Math.max(0, depth + by);
    document.body.classList.toggle('dragging', depth > 0);
  };

  document.addEventListener('dragenter', event => hasFiles(event.dataTransfer) && mark(1));
  document.addEventListener('dragleave', event => hasFiles(event.dataTransfer) && mark(-1));
  document.addEventListener('dragover', event => {
    if (hasFiles(event.dataTransfer)) {
      event.preventDefault();
      event.dataTransfer.dropEffect = 'copy';
    }
  });
  document.addEventListener('drop', event => {
    mark(-depth);
    if (hasFiles(event.dataTransfer)) {
      event.preventDefault();
      take(event.dataTransfer.files);
    }
  });
  document.addEventListener('paste', event => {
    if (event.clipboardData?.files.length > 0) {
      event.preventDefault();
      take(event.clipboardData.files);
    }
  });
}

function hasFiles(transfer) {
  return transfer?.types.includes('Files') ?? false;
}

function take(files) {
  // The list is emptied when the event is over.
  const kept = [...files];
  if (!pickers.has(currentTab())) {
    openTab(Fallback);
    pickers.get(Fallback).add(kept);
    return;
  }

  pickers.get(currentTab()).add(kept);
}
