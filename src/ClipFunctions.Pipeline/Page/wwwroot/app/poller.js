import { isAbort } from './api.js';
import { keyEvents } from './key.js';
import { currentTab, tabEvents } from './tabs.js';
import { Latest, wait } from './timing.js';

const LongestPause = 60;

/** Asks again and again as long as a tab can be seen, and less often while the server fails. */
export class Poller {
  #latest = new Latest();
  #failures = 0;

  /**
   * `ask` gets a signal, shows the answer and tells how many seconds to wait for the next time; `problem` and `state` are the
   * places where faults and the state are told.
   */
  constructor(tab, { ask, problem, state, interval }) {
    Object.assign(this, { tab, ask, problem, state, interval });
  }

  start() {
    for (const name of ['shown', 'hidden']) {
      tabEvents.addEventListener(name, ({ detail }) => detail.tab === this.tab && this.now());
    }

    document.addEventListener('visibilitychange', () => this.now());
    keyEvents.addEventListener('change', () => this.now());
  }

  async now() {
    if (currentTab() !== this.tab || document.hidden) {
      this.#latest.cancel();
      this.#showState('paused');
      return;
    }

    const signal = this.#latest.start();
    try {
      for (;;) {
        await wait(1000 * await this.#askOnce(signal), signal);
      }
    } catch (error) {
      if (!isAbort(error)) {
        throw error;
      }
    }
  }

  async #askOnce(signal) {
    try {
      const seconds = await this.ask(signal);
      this.#failures = 0;
      this.problem.clear();
      this.#showState('live');
      return seconds;
    } catch (error) {
      if (isAbort(error)) {
        throw error;
      }

      return this.#backOff(error);
    }
  }

  #backOff(error) {
    this.#failures++;
    const seconds = error.waitSeconds ?? Math.min(LongestPause, this.interval * 2 ** this.#failures);
    this.#showState('waiting', seconds);
    // Shown anew at each failure it would be read aloud each time.
    if (this.#failures === 1) {
      this.problem.show(error);
    }

    return seconds;
  }

  #showState(state, seconds) {
    this.state.dataset.state = state;
    this.state.textContent = { live: 'Live', paused: 'Paused', waiting: `Next try in ${seconds} s` }[state];
  }
}
