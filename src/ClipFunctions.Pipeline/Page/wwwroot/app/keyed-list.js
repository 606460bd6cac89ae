/** The entries of a list. Those that stay are moved, not made anew: focus and pictures stay with them. */
export class KeyedList {
  #list;
  #idOf;
  #make;
  #entries = new Map();

  /** `make` turns an item into an entry, whose `element` stands in the list. */
  constructor(list, { idOf, make }) {
    this.#list = list;
    this.#idOf = idOf;
    this.#make = make;
  }

  has(item) {
    return this.#entries.has(this.#idOf(item));
  }

  get(item) {
    return this.#entries.get(this.#idOf(item));
  }

  show(items) {
    const before = this.#entries;
    this.#entries = new Map(items.map(item => [this.#idOf(item), before.get(this.#idOf(item)) ?? this.#make(item)]));
    for (const [id, { element }] of before) {
      if (!this.#entries.has(id)) {
        element.remove();
      }
    }

    [...this.#entries.values()].forEach(({ element }, index) => {
      if (this.#list.children[index] !== element) {
        this.#list.insertBefore(element, this.#list.children[index] ?? null);
      }
    });
  }
}
