import { announce } from './announce.js';
import { apiUrl, formOf, isAbort, postForm } from './api.js';
import { bars } from './bars.js';
import { byId, element, iconButton, setFieldError } from './dom.js';
import { percent } from './format.js';
import { labelCount, labelEvents, labelFields } from './labels.js';
import { currentModel, noteModelUsed } from './models.js';
import { batchesOf } from './picture-batches.js';
import { pictureReason, reasonsByPicture } from './picture-errors.js';
import { PicturePicker } from './pictures.js';
import { ProblemPlace } from './problem.js';
import { debounce, Latest } from './timing.js';

const TypingPause = 700;

const latest = new Latest();
const problem = new ProblemPlace(byId('classify-problem'));
const picker = new PicturePicker('classify');
const cards = new Map();
const runLater = debounce(() => run(), TypingPause);

export function startClassify() {
  picker.addEventListener('change', () => {
    showPictures();
    run();
  });
  labelEvents.addEventListener('chosen', () => run());
  labelEvents.addEventListener('typed', runLater);
  byId('top-k').addEventListener('input', runLater);
  byId('classify-form').addEventListener('submit', event => {
    event.preventDefault();
    run({ isAsked: true });
  });
}

async function run({ isAsked = false } = {}) {
  runLater.cancel();
  problem.clear();
  const pictures = picker.items;
  const fields = readFields(isAsked);
  if (fields === null || pictures.length === 0) {
    latest.cancel();
    setBusy(false);
    if (isAsked) {
      tellWhatIsMissing(pictures);
    }

    return;
  }

  const signal = latest.start();
  setBusy(true);
  try {
    const results = [];
    for (const batch of batchesOf(pictures)) {
      results.push(...await classify(batch, fields, signal));
    }

    announceAnswer(pictures, results);
  } catch (error) {
    if (!isAbort(error)) {
      showFailure(error);
    }
  } finally {
    if (!signal.aborted) {
      setBusy(false);
    }
  }
}

/** Classifies pictures and shows it; tells each one's result, null for a bad one. */
async function classify(pictures, fields, signal) {
  try {
    const answer = await postForm(apiUrl('classify'), formOf(pictures, fields), { signal, onWait: seconds => problem.showWaiting(seconds) });
    problem.clear();
    showAnswer(pictures, answer.results, answer.errors);
    await noteModelUsed(answer.model);
    return answer.results;
  } catch (error) {
    const reasons = reasonsByPicture(error.problem?.errors, pictures.length);
    if (reasons.size < pictures.length) {
      throw error;
    }

    const nothing = pictures.map(() => null);
    showAnswer(pictures, nothing, error.problem.errors);
    return nothing;
  }
}

function readFields(tellMissing) {
  const labels = labelFields({ tellMissing });
  const topK = readTopK();
  return labels === null || topK === null ? null : { ...labels, topK: Math.min(topK, labelCount() ?? topK), model: currentModel() };
}

function readTopK() {
  const input = byId('top-k');
  const isRight = input.checkValidity() && input.value !== '';
  setFieldError(input, byId('top-k-error'), isRight ? null : `Enter a whole number from ${input.min} to ${input.max}.`);
  return isRight ? input.valueAsNumber : null;
}

function tellWhatIsMissing(pictures) {
  const wrong = byId('classify-form').querySelector('[aria-invalid=true]');
  if (wrong) {
    wrong.focus();
  } else if (pictures.length === 0) {
    problem.show({ problem: { title: 'Choose a picture first' } });
    byId('classify-drop').focus();
  }
}

function setBusy(isBusy) {
  byId('classify-output').setAttribute('aria-busy', String(isBusy));
}

function showPictures() {
  const ids = new Set(picker.items.map(item => item.id));
  for (const [id, { card }] of cards) {
    if (!ids.has(id)) {
      card.remove();
      cards.delete(id);
    }
  }

  for (const item of picker.items.filter(one => !cards.has(one.id))) {
    addCard(item);
  }

  byId('classify-empty').hidden = picker.items.length > 0;
}

function addCard(item) {
  const image = element('img', { src: item.url, alt: '' });
  image.addEventListener('error', () => image.classList.add('missing'));
  const answer = element('div', { class: 'picture-answer' }, skeleton());
  const card = element('li', { class: 'card picture-card' },
    element('div', { class: 'picture-frame' }, image),
    element('div', { class: 'picture-body' },
      element('div', { class: 'picture-head' },
        element('h3', { title: item.name }, item.name),
        iconButton('close', `Remove ${item.name}`, () => removePicture(item.id))),
      answer));
  cards.set(item.id, { card, answer });
  byId('classify-results').append(card);
}

function removePicture(id) {
  const { card } = cards.get(id);
  const neighbour = card.nextElementSibling ?? card.previousElementSibling;
  picker.remove(id);
  (neighbour?.querySelector('button') ?? byId('classify-drop')).focus();
}

function skeleton() {
  return element('div', { class: 'skeleton', 'aria-hidden': 'true' }, element('span'), element('span'), element('span'));
}

function showAnswer(pictures, results, errors) {
  const reasons = reasonsByPicture(errors, pictures.length);
  pictures.forEach((picture, index) => {
    const result = results[index];
    answerOf(picture)?.replaceChildren(result
      ? bars(result.labels)
      : pictureReason(reasons.get(index) ?? { detail: 'This picture got no answer.' }));
  });
}

function showFailure(error) {
  for (const { answer } of cards.values()) {
    if (answer.querySelector('.skeleton')) {
      answer.replaceChildren(element('p', { class: 'hint' }, 'No answer.'));
    }
  }

  problem.show(error);
}

function answerOf(picture) {
  return cards.get(picture.id)?.answer;
}

function announceAnswer(pictures, results) {
  if (pictures.length === 1 && results[0]) {
    const [best] = results[0].labels;
    announce(`${pictures[0].name}: ${best.label}, ${percent(best.probability)}`);
  } else {
    const good = results.filter(result => result !== null).length;
    announce(`${good} of ${pictures.length} pictures classified`);
  }
}
