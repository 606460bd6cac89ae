import { isAbort } from './api.js';
import { element, icon } from './dom.js';
import { download } from './download.js';
import { duration, percent, timeAgo } from './format.js';
import { ProblemPlace } from './problem.js';
import { factsOf, isKnown, isOver, nameOf, runUrl, States, stepOf } from './runs.js';

/** What is known of a run, and what can be done with it. */
export class RunCard {
  #shown = null;
  #status = null;
  #parts = {};
  #problem;

  /** `isWhole`: the card stands above its report. `stop` and `again` get the run's status. */
  constructor({ isWhole = false, stop, again }) {
    const parts = this.#parts;
    const problemPlace = element('div', { class: 'problem-place' });
    this.#problem = new ProblemPlace(problemPlace);
    parts.name = element('h3', { tabindex: -1 });
    parts.state = element('span', { class: 'run-state' });
    parts.facts = element('ul', { class: 'run-facts' });
    parts.score = element('p', { class: 'run-score', hidden: true });
    parts.bar = element('progress', { hidden: true });
    parts.step = element('p', { class: 'hint' });
    parts.failure = element('div', { hidden: true });
    parts.age = element('time', {});
    parts.took = element('span', {});
    parts.report = element('a', { class: 'primary-button' }, 'Report');
    parts.page = this.#file('report.html', 'report.html');
    parts.numbers = this.#file('report.json', 'report.json');
    parts.classifier = this.#file('classifier.npz', 'classifier.npz');
    parts.again = element('button', { type: 'button', class: 'secondary-button', onclick: () => again(this.#status) }, 'Run again');
    parts.stop = element('button', { type: 'button', class: 'secondary-button', onclick: () => this.#try(() => stop(this.#status)) }, 'Stop');
    (isWhole ? parts.report : parts.page).classList.add('left-out');

    this.element = element(isWhole ? 'div' : 'li', { class: 'card run-card', hidden: true },
      element('div', { class: 'run-head' }, parts.name, parts.state),
      parts.facts,
      parts.score,
      parts.bar,
      parts.step,
      parts.failure,
      element('p', { class: 'hint' }, parts.age, parts.took),
      element('div', { class: 'run-actions' }, parts.report, parts.page, parts.numbers, parts.classifier, parts.again, parts.stop),
      problemPlace);
  }

  /** The heading takes the focus where the run is opened. */
  focus() {
    this.#parts.name.focus();
  }

  /** The link to the report takes it where the person comes back from there. */
  focusLink() {
    this.#parts.report.focus();
  }

  show(status) {
    this.#status = status;
    this.element.hidden = false;
    const text = JSON.stringify(status);
    // What has not changed is left alone: it may be selected, or read aloud just now.
    if (text !== this.#shown) {
      this.#shown = text;
      this.#showFacts(status);
      this.#showStep(status);
      this.#showFailure(status);
      this.#showActions(status);
    }

    this.#showAge(status);
  }

  #showFacts(status) {
    const { name, state, facts, score } = this.#parts;
    name.textContent = nameOf(status);
    name.title = `Run ${status.runId}`;
    state.textContent = States[status.state];
    state.dataset.state = status.state;
    facts.replaceChildren(...factsOf(status).map(fact => element('li', {}, fact)));
    score.hidden = !isKnown(status.top1);
    score.replaceChildren(element('strong', {}, percent(status.top1 ?? 0)), ' of the test pictures are right (top-1)');
  }

  #showStep(status) {
    const { bar, step } = this.#parts;
    bar.hidden = status.state !== 'extracting' || !isKnown(status.shards);
    bar.max = Math.max(1, status.shards ?? 1);
    bar.value = status.shardsDone ?? 0;
    bar.setAttribute('aria-label', `Shards of ${nameOf(status)}`);
    step.textContent = stepOf(status);
    step.hidden = step.textContent === '';
  }

  #showFailure({ state, failure }) {
    const place = this.#parts.failure;
    const isLast = state === 'failed';
    place.hidden = !failure || state === 'done';
    place.className = isLast ? 'problem' : 'notice';
    place.replaceChildren(
      icon('alert'),
      element('div', {}, isLast ? null : element('p', { class: 'problem-title' }, 'A step failed'), element('p', {}, failure?.message ?? '')));
  }

  #showActions(status) {
    const { report, page, numbers, classifier, again, stop } = this.#parts;
    const isDone = status.state === 'done';
    report.href = `#evaluations?${new URLSearchParams({ run: status.runId })}`;
    const shown = [
      [report, isDone],
      [page, isDone],
      [numbers, isDone],
      [classifier, isDone && status.request?.kind !== 'zero-shot'],
      [again, isKnown(status.request)],
      [stop, !isOver(status)],
    ].map(([button, isThere]) => [button, isThere && !button.classList.contains('left-out')]);
    const hadFocus = shown.some(([button, isThere]) => !isThere && button === document.activeElement);
    for (const [button, isThere] of shown) {
      button.hidden = !isThere;
      button.setAttribute('aria-label', `${button.textContent}: ${nameOf(status)}`);
    }

    if (hadFocus) {
      this.focus();
    }
  }

  #showAge(status) {
    const { age, took } = this.#parts;
    const text = timeAgo(status.created);
    if (age.textContent !== text) {
      age.textContent = text;
    }

    age.dateTime = status.created;
    age.title = new Date(status.created).toLocaleString();
    took.textContent = isOver(status) ? ` \u00b7 took ${duration(new Date(status.updated) - new Date(status.created))}` : '';
  }

  #file(file, text) {
    return element('button', {
      type: 'button',
      class: 'secondary-button',
      onclick: () => this.#try(() => download(runUrl(this.#status.runId, file), `${this.#status.runId}-${file}`)),
    }, icon('download'), text);
  }

  async #try(action) {
    this.#problem.clear();
    try {
      await action();
    } catch (error) {
      if (!isAbort(error)) {
        this.#problem.show(error);
      }
    }
  }
}
