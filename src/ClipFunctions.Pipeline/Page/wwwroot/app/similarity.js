import { announce } from './announce.js';
import { apiUrl, formOf, isAbort, postForm } from './api.js';
import { byId, element, iconButton, setFieldError } from './dom.js';
import { count, decimals, percent } from './format.js';
import { currentModel, modelEvents, noteModelUsed } from './models.js';
import { batchesOf } from './picture-batches.js';
import { pictureReason, reasonsByPicture } from './picture-errors.js';
import { PicturePicker } from './pictures.js';
import { ProblemPlace } from './problem.js';
import { debounce, Latest } from './timing.js';

const TypingPause = 700;
const HotInLight = 0.72;
const HotInDark = 0.5;
const Kinds = {
  probs: {
    rows: answer => answer.probs,
    text: percent,
    // The scale of a share is fixed, so that colours can be compared between runs.
    range: () => [0, 1],
    end: share => `${Math.round(100 * share)} %`,
  },
  logits: {
    rows: answer => answer.logits_per_image,
    text: number => decimals(number, 2),
    range: matrix => [Math.min(...matrix.flat()), Math.max(...matrix.flat())],
    end: number => decimals(number, 2),
  },
};

const latest = new Latest();
const problem = new ProblemPlace(byId('similarity-problem'));
const picker = new PicturePicker('similarity');
const runLater = debounce(() => run(), TypingPause);
const reasons = new Map();

let shown = null;

export function startSimilarity() {
  picker.addEventListener('change', () => {
    showPictures();
    run();
  });
  byId('similarity-texts').addEventListener('input', runLater);
  modelEvents.addEventListener('change', () => run());
  for (const radio of kindRadios()) {
    radio.addEventListener('change', showTable);
  }

  byId('similarity-form').addEventListener('submit', event => {
    event.preventDefault();
    run({ isAsked: true });
  });
}

async function run({ isAsked = false } = {}) {
  runLater.cancel();
  problem.clear();
  const texts = readTexts();
  const pictures = picker.items.filter(item => !reasons.has(item.id));
  setFieldError(byId('similarity-texts'), byId('similarity-texts-error'), texts.length === 0 ? 'Write at least one text.' : null);
  if (texts.length === 0 || pictures.length === 0) {
    latest.cancel();
    show(pictures.length === 0 ? null : shown);
    if (isAsked) {
      tellWhatIsMissing(texts);
    }

    return;
  }

  const signal = latest.start();
  setBusy(true);
  try {
    await compare(pictures, texts, signal);
  } catch (error) {
    if (!isAbort(error)) {
      show(null);
      problem.show(error);
    }
  } finally {
    if (!signal.aborted) {
      setBusy(false);
    }
  }
}

async function compare(pictures, texts, signal) {
  const compared = [];
  for (const batch of batchesOf(pictures)) {
    compared.push(await compareBatch(batch, texts, signal));
  }

  const parts = compared.filter(part => part !== null);
  if (parts.length === 0) {
    show(null);
    return;
  }

  show(joined(parts, texts));
  announce(`Compared ${count(shown.pictures.length, 'picture')} with ${count(texts.length, 'text')}`);
  await noteModelUsed(parts[0].answer.model);
}

/** One bad picture fails the whole request: the others are compared without it. Null where none is left. */
async function compareBatch(pictures, texts, signal) {
  try {
    const fields = { texts, model: currentModel() };
    const answer = await postForm(apiUrl('similarity'), formOf(pictures, fields), { signal, onWait: seconds => problem.showWaiting(seconds) });
    problem.clear();
    return { answer, pictures };
  } catch (error) {
    const bad = reasonsByPicture(error.problem?.errors, pictures.length);
    if (bad.size === 0) {
      throw error;
    }

    bad.forEach((reason, index) => reasons.set(pictures[index].id, reason));
    showPictures();
    const rest = pictures.filter(picture => !reasons.has(picture.id));
    return rest.length > 0 ? compareBatch(rest, texts, signal) : null;
  }
}

function joined(parts, texts) {
  const rows = name => parts.flatMap(({ answer }) => answer[name]);
  return {
    texts,
    pictures: parts.flatMap(({ pictures }) => pictures),
    answer: { ...parts[0].answer, probs: rows('probs'), logits_per_image: rows('logits_per_image') },
  };
}

function readTexts() {
  return byId('similarity-texts').value.split('\n').map(text => text.trim()).filter(text => text.length > 0);
}

function tellWhatIsMissing(texts) {
  if (texts.length === 0) {
    byId('similarity-texts').focus();
  } else {
    problem.show({ problem: { title: picker.items.length === 0 ? 'Choose a picture first' : 'None of these pictures can be read' } });
    byId('similarity-drop').focus();
  }
}

function setBusy(isBusy) {
  byId('similarity-output').setAttribute('aria-busy', String(isBusy));
}

function showPictures() {
  byId('similarity-pictures').replaceChildren(...picker.items.map(item => {
    const image = element('img', { src: item.url, alt: '' });
    image.addEventListener('error', () => image.classList.add('missing'));
    const reason = reasons.get(item.id);
    return element('li', { class: reason ? 'thumbnail-item bad' : 'thumbnail-item' },
      element('div', { class: 'picture-frame' }, image),
      element('div', { class: 'thumbnail-text' },
        element('span', { class: 'file-name', title: item.name }, item.name),
        reason ? pictureReason(reason) : null),
      iconButton('close', `Remove ${item.name}`, () => removePicture(item.id)));
  }));
}

function removePicture(id) {
  const index = picker.items.findIndex(item => item.id === id);
  reasons.delete(id);
  picker.remove(id);
  const buttons = byId('similarity-pictures').querySelectorAll('button');
  (buttons[Math.min(index, buttons.length - 1)] ?? byId('similarity-drop')).focus();
}

function show(result) {
  shown = result;
  byId('similarity-empty').hidden = result !== null;
  byId('similarity-result').hidden = result === null;
  showTable();
}

function kindRadios() {
  return [...document.querySelectorAll('input[name=similarity-numbers]')];
}

/** Texts are the rows: they need the room, and a phone is narrow. */
function showTable() {
  if (shown === null) {
    return;
  }

  const { answer, pictures, texts } = shown;
  const name = kindRadios().find(radio => radio.checked).value;
  const kind = Kinds[name];
  const matrix = kind.rows(answer);
  const [low, high] = kind.range(matrix);
  byId('similarity-note').textContent = noteOf(name, answer);
  byId('heat-low').textContent = kind.end(low);
  byId('heat-high').textContent = kind.end(high);
  byId('similarity-table').replaceChildren(element('table', { class: 'heat-table' },
    element('caption', { class: 'visually-hidden' }, `${name === 'probs' ? 'Probabilities' : 'Logits'} of texts (rows) for pictures (columns)`),
    element('thead', {}, element('tr', {}, element('td'), pictures.map(pictureHeader))),
    element('tbody', {}, texts.map((text, row) => element('tr', {},
      element('th', { scope: 'row' }, text),
      pictures.map((_, column) => heatCell(matrix[column][row], kind, low, high)))))));
}

function noteOf(name, { scoring, logitScale }) {
  if (name === 'logits') {
    return `Cosine similarity times the model\u2019s scale of ${decimals(logitScale, 2)}.`;
  }

  return scoring === 'sigmoid'
    ? 'Each number stands alone: how sure the model is of that pair.'
    : 'The numbers of each picture add up to 100 %.';
}

function pictureHeader(picture) {
  return element('th', { scope: 'col' },
    element('img', { src: picture.url, alt: '', class: 'heat-picture' }),
    element('span', { class: 'file-name', title: picture.name }, picture.name));
}

function heatCell(value, kind, low, high) {
  const heat = high > low ? (value - low) / (high - low) : 1;
  const cell = element('td', { class: 'heat' }, kind.text(value));
  cell.classList.toggle('hot-in-light', heat > HotInLight);
  cell.classList.toggle('hot-in-dark', heat > HotInDark);
  cell.style.setProperty('--heat', heat.toFixed(4));
  return cell;
}
