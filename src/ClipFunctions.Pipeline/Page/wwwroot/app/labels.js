import { apiUrl, getJson, isAbort } from './api.js';
import { byId, element, iconButton, setFieldError } from './dom.js';
import { count } from './format.js';
import { keyEvents } from './key.js';
import { currentModel, modelEvents } from './models.js';
import { debounce, Latest } from './timing.js';
import { fetchTokens, tokenChips } from './token-chips.js';

const DefaultTemplate = 'a photo of a {}.';
const PreviewedLabels = 12;
const TypingPause = 300;

const loading = new Latest();
const previewing = new Latest();
const previewLater = debounce(previewPrompt, TypingPause);

let labelSets = [];
let templateCount = 0;

/** Fires `typed` while the person types, `chosen` at a decision, and `loaded` when the label sets are there. */
export const labelEvents = new EventTarget();

export async function startLabels() {
  for (const radio of sourceRadios()) {
    radio.addEventListener('change', () => {
      showSource();
      fire('chosen');
    });
  }

  byId('label-set').addEventListener('change', () => {
    showSet();
    fire('chosen');
  });
  byId('labels').addEventListener('input', typed);
  byId('add-template').addEventListener('click', () => addTemplate('').focus());
  modelEvents.addEventListener('change', async () => {
    previewLater();
    await loadSets();
    fire('chosen');
  });
  keyEvents.addEventListener('change', () => labelSets.length === 0 && loadSets());
  addTemplate(DefaultTemplate);
  showSource();
  await loadSets();
}

/** What is to be asked for, as fields of a request; null, with the reasons beside the fields, where that cannot be. */
export function labelFields({ tellMissing }) {
  if (source() === 'set') {
    return { labelSet: byId('label-set').value || undefined };
  }

  const labels = ownLabels();
  const areTemplatesRight = checkTemplates();
  setFieldError(byId('labels'), byId('labels-error'), labels.length === 0 && tellMissing ? 'Type at least one label.' : null);
  return labels.length > 0 && areTemplatesRight ? { labels, templates: templates() } : null;
}

/** How many labels there are to choose from, where that is known. */
export function labelCount() {
  return source() === 'set' ? chosenSet()?.labelCount : ownLabels().length;
}

/** The server's label sets for the chosen model. */
export function knownLabelSets() {
  return labelSets;
}

/** What is wrong with a template, or null. */
export function templateError(template) {
  const places = template.split('{}').length - 1;
  if (places === 1) {
    return null;
  }

  return places === 0 ? 'Write {} where the label goes.' : 'Write {} once only.';
}

function ownLabels() {
  return [...new Set(byId('labels').value.split(/[\n,]/).map(label => label.trim()).filter(label => label.length > 0))];
}

function typed() {
  checkTemplates();
  previewLater();
  fire('typed');
}

function fire(name) {
  labelEvents.dispatchEvent(new Event(name));
}

function sourceRadios() {
  return [...document.querySelectorAll('input[name=label-source]')];
}

function source() {
  return sourceRadios().find(radio => radio.checked).value;
}

function showSource() {
  byId('label-set-fields').hidden = source() !== 'set';
  byId('own-label-fields').hidden = source() !== 'own';
  previewLater();
}

async function loadSets() {
  try {
    const answer = await getJson(apiUrl('labelsets', { model: currentModel() }), { signal: loading.start(), onWait: () => {} });
    labelSets = answer.labelSets;
    fillSelect(answer.default);
    showSet();
    fire('loaded');
  } catch (error) {
    if (!isAbort(error)) {
      byId('label-set').replaceChildren(element('option', { value: '' }, 'The default set'));
      byId('label-set-preview').textContent = 'The server\u2019s label sets cannot be read now.';
    }
  }
}

function fillSelect(defaultName) {
  const select = byId('label-set');
  const chosen = select.value || defaultName;
  select.replaceChildren(...labelSets.map(set => element('option', { value: set.name }, `${set.name} (${count(set.labelCount, 'label')})`)));
  select.value = labelSets.some(set => set.name === chosen) ? chosen : defaultName;
  select.disabled = labelSets.length === 0;
}

function chosenSet() {
  return labelSets.find(set => set.name === byId('label-set').value);
}

function showSet() {
  const set = chosenSet();
  if (!set) {
    byId('label-set-preview').textContent = 'This model comes without a label set: type your own labels.';
    return;
  }

  const more = set.labelCount - PreviewedLabels;
  const labels = set.labels.slice(0, PreviewedLabels).join(', ');
  byId('label-set-preview').textContent = more > 0 ? `${labels} and ${more} more.` : `${labels}.`;
}

function templateInputs() {
  return [...byId('templates').querySelectorAll('input')];
}

function templates() {
  return templateInputs().map(input => input.value.trim());
}

function checkTemplates() {
  return templateInputs()
    .map(input => {
      const error = templateError(input.value);
      setFieldError(input, byId(`${input.id}-error`), error);
      return error === null;
    })
    .every(isRight => isRight);
}

function addTemplate(text) {
  const id = `template-${++templateCount}`;
  const input = element('input', {
    type: 'text',
    id,
    'aria-label': `Template ${templateCount}`,
    'aria-describedby': `templates-hint ${id}-error`,
    placeholder: DefaultTemplate,
    spellcheck: 'false',
    oninput: typed,
  });
  input.value = text;
  const row = element('li', {},
    element('div', { class: 'template-row' }, input, iconButton('close', `Remove template ${templateCount}`, () => removeTemplate(row))),
    element('p', { id: `${id}-error`, class: 'field-error', hidden: true }));
  byId('templates').append(row);
  showRemovals();
  return input;
}

function removeTemplate(row) {
  row.remove();
  showRemovals();
  byId('add-template').focus();
  typed();
}

function showRemovals() {
  const isOnlyOne = templateInputs().length === 1;
  for (const button of byId('templates').querySelectorAll('button')) {
    button.hidden = isOnlyOne;
  }
}

function promptError({ message, problem }) {
  return problem?.code === 'TextTooLong'
    ? `The first prompt is too long for the model: it needs ${count(problem.actual, 'token')} and ${problem.limit} fit.`
    : message;
}

/** The tokens of the first label in the first template. */
async function previewPrompt() {
  const place = byId('prompt-tokens');
  const [label] = ownLabels();
  const [template] = templates();
  if (source() !== 'own' || !label || templateError(template) !== null) {
    previewing.cancel();
    place.hidden = true;
    return;
  }

  const prompt = template.replace('{}', () => label);
  try {
    const tokens = await fetchTokens(prompt, { signal: previewing.start() });
    place.replaceChildren(
      element('p', { class: 'hint' }, `First prompt: ${tokens.count} of ${count(tokens.contextLength, 'token')}`),
      tokenChips(tokens, { label: `Tokens of ${prompt}` }));
    place.hidden = false;
  } catch (error) {
    if (!isAbort(error)) {
      place.replaceChildren(element('p', { class: 'field-error' }, promptError(error)));
      place.hidden = false;
    }
  }
}
