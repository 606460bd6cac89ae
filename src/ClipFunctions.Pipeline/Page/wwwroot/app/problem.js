import { element, icon } from './dom.js';
import { count } from './format.js';
import { askForKey } from './key.js';

const KeyMissing = { title: 'This server asks for a key' };

/** The place near an action where its trouble is told. */
export class ProblemPlace {
  #place;
  #timer = null;

  constructor(place) {
    this.#place = place;
  }

  clear() {
    clearInterval(this.#timer);
    this.#place.replaceChildren();
  }

  show(error) {
    this.clear();
    const problem = error.status === 401 ? KeyMissing : error.problem ?? {};
    const title = problem.title ?? 'Something went wrong on this page';
    const detail = detailOf(problem) ?? (error.problem ? null : error.message);
    this.#place.append(element('div', { class: 'problem', role: 'alert' },
      icon('alert'),
      element('div', {},
        element('p', { class: 'problem-title' }, title),
        detail && detail !== title ? element('p', {}, detail) : null,
        limits(problem),
        error.waitSeconds ? element('p', {}, `Try again in ${count(error.waitSeconds, 'second')}.`) : null,
        problem.traceId ? element('p', { class: 'trace' }, `Trace ${problem.traceId}`) : null,
        error.status === 401 ? keyButton() : null)));
  }

  /** Tells that the request will be sent again, and counts down. */
  showWaiting(seconds) {
    this.clear();
    let left = seconds;
    const number = element('span', { 'aria-hidden': 'true' }, `${left} s`);
    this.#place.append(element('div', { class: 'notice', role: 'status' },
      icon('clock'),
      element('p', {}, 'The server is busy. Trying again in ', number,
        element('span', { class: 'visually-hidden' }, count(seconds, 'second')), '.')));
    this.#timer = setInterval(() => {
      left = Math.max(0, left - 1);
      number.textContent = `${left} s`;
    }, 1000);
  }
}

/** The server speaks of fields of requests, which people do not see here. */
function detailOf({ code, detail, limit, actual }) {
  return code === 'TextTooLong' ? `It needs ${count(actual, 'token')}, start and end included; the model reads ${limit}.` : detail;
}

function limits(problem) {
  const { limit, actual } = problem;
  const isTold = detailOf(problem)?.includes(`${limit}`);
  if (limit === undefined || limit === null || isTold) {
    return null;
  }

  return element('p', {}, actual === undefined || actual === null ? `The limit is ${limit}.` : `The limit is ${limit}; this was ${actual}.`);
}

function keyButton() {
  return element('button', { type: 'button', class: 'secondary-button', onclick: () => askForKey(false) }, 'Enter the key');
}
