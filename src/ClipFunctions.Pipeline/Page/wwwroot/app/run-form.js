import { apiUrl, isAbort, postJson } from './api.js';
import { byId, element, setFieldError } from './dom.js';
import { count } from './format.js';
import { knownLabelSets, labelEvents, templateError } from './labels.js';
import { chooseModel, currentModel, modelEvents } from './models.js';
import { ProblemPlace } from './problem.js';
import { isKnown } from './runs.js';
import { Latest } from './timing.js';

const OwnLabels = 'own labels of a run';
const Hints = {
  'linear-probe': 'A classifier is fitted on the training pictures\u2019 vectors, then tried on the test pictures.',
  'zero-shot': 'The test pictures are compared with the classes as texts. Nothing is fitted.',
};

const latest = new Latest();
const problem = new ProblemPlace(byId('run-form-problem'));

let ownLabels = null;
let wantedLabelSet = '';

/** `started` gets the status of a run that was started. */
export function startRunForm(started) {
  byId('run-form').addEventListener('submit', event => {
    event.preventDefault();
    send(started);
  });
  for (const radio of [...radios('run-kind'), ...radios('run-c-source')]) {
    radio.addEventListener('change', showFields);
  }

  byId('run-label-set').addEventListener('change', ({ target }) => {
    wantedLabelSet = target.value;
  });
  labelEvents.addEventListener('loaded', showLabelSets);
  modelEvents.addEventListener('change', () => showModel());
  modelEvents.addEventListener('loaded', () => showModel());
  showFields();
  showLabelSets();
  showModel();
}

/** Fills the form with what another run was asked to do. */
export function fillRunForm(request) {
  problem.clear();
  byId('run-dataset').value = request.dataset ?? '';
  choose('run-kind', request.kind ?? 'linear-probe');
  choose('run-c-source', isKnown(request.C) ? 'given' : 'search');
  byId('run-c').value = request.C ?? byId('run-c').defaultValue;
  byId('run-templates').value = (request.templates ?? []).join('\n');
  byId('run-format').value = request.format ?? '';
  byId('run-seed').value = request.seed ?? '';
  byId('run-share').value = request.validationShare ?? '';
  byId('run-more').open = [request.format, request.seed, request.validationShare].some(isKnown);
  ownLabels = request.labels ?? null;
  wantedLabelSet = ownLabels ? OwnLabels : request.labelSet ?? '';
  showLabelSets();
  showFields();
  check(request.dataset ? fieldErrors() : []);
  showModel(request.model && !chooseModel(request.model) ? request.model : null);
  byId('run-dataset').focus();
}

async function send(started) {
  problem.clear();
  const errors = fieldErrors();
  check(errors);
  const wrong = errors.find(({ message }) => message !== null);
  if (wrong) {
    byId('run-more').open ||= byId('run-more').contains(wrong.field);
    wrong.field.focus();
    return;
  }

  try {
    const options = { signal: latest.start(), onWait: seconds => problem.showWaiting(seconds) };
    const status = await postJson(apiUrl('evaluations'), request(), options);
    problem.clear();
    started(status);
  } catch (error) {
    if (!isAbort(error)) {
      problem.show(error);
    }
  }
}

function request() {
  const isZeroShot = chosen('run-kind') === 'zero-shot';
  const labelSet = byId('run-label-set').value;
  const isOwn = labelSet === OwnLabels;
  const lines = templates();
  return {
    dataset: byId('run-dataset').value.trim(),
    format: byId('run-format').value || undefined,
    model: currentModel(),
    kind: chosen('run-kind'),
    C: hasC() ? byId('run-c').valueAsNumber : undefined,
    labelSet: isZeroShot && !isOwn && labelSet ? labelSet : undefined,
    labels: isZeroShot && isOwn ? ownLabels : undefined,
    templates: isZeroShot && lines.length > 0 ? lines : undefined,
    validationShare: hasShare() ? numberIn('run-share') : undefined,
    seed: numberIn('run-seed'),
  };
}

function fieldErrors() {
  const isZeroShot = chosen('run-kind') === 'zero-shot';
  return [
    ['run-dataset', byId('run-dataset').value.trim() === '' ? 'Name a data set.' : null],
    ['run-c', hasC() && !(byId('run-c').valueAsNumber > 0) ? 'Enter a number above 0.' : null],
    ['run-templates', isZeroShot ? templates().map(templateError).find(error => error !== null) ?? null : null],
    ['run-seed', byId('run-seed').checkValidity() ? null : 'Enter a whole number from 0 on.'],
    ['run-share', hasShare() && !isShare() ? 'Enter a number above 0 and below 1.' : null],
  ].map(([id, message]) => ({ field: byId(id), message }));
}

function check(errors) {
  for (const { field, message } of errors) {
    setFieldError(field, byId(`${field.id}-error`), message);
  }
}

function isShare() {
  const field = byId('run-share');
  return !field.validity.badInput && (field.value === '' || (field.valueAsNumber > 0 && field.valueAsNumber < 1));
}

function hasC() {
  return chosen('run-kind') === 'linear-probe' && chosen('run-c-source') === 'given';
}

function hasShare() {
  return chosen('run-kind') === 'linear-probe' && chosen('run-c-source') === 'search';
}

function templates() {
  return byId('run-templates').value.split('\n').map(line => line.trim()).filter(line => line.length > 0);
}

function numberIn(id) {
  const number = byId(id).valueAsNumber;
  return Number.isNaN(number) ? undefined : number;
}

function showFields() {
  const kind = chosen('run-kind');
  byId('run-kind-hint').textContent = Hints[kind];
  byId('run-probe-fields').hidden = kind !== 'linear-probe';
  byId('run-zero-shot-fields').hidden = kind !== 'zero-shot';
  byId('run-c-field').hidden = !hasC();
  byId('run-share-field').hidden = !hasShare();
}

function showLabelSets() {
  const select = byId('run-label-set');
  select.replaceChildren(
    element('option', { value: '' }, 'The classes\u2019 own names'),
    ...ownLabels ? [element('option', { value: OwnLabels }, `The ${count(ownLabels.length, 'label')} of that run`)] : [],
    ...knownLabelSets().map(set => element('option', { value: set.name }, `${set.name} (${count(set.labelCount, 'label')})`)));
  // A run's label set may be unknown until those of its model are read, or for ever.
  select.value = wantedLabelSet;
  if (select.selectedIndex < 0) {
    select.append(element('option', { value: wantedLabelSet }, wantedLabelSet));
    select.value = wantedLabelSet;
  }
}

function showModel(missing = null) {
  byId('run-model').textContent = missing
    ? `That run\u2019s model, ${missing}, is not here. The model would be ${currentModel() ?? 'the default one'}.`
    : `The model is ${currentModel() ?? 'the default one'}, as chosen above.`;
}

function radios(name) {
  return [...document.querySelectorAll(`input[name=${name}]`)];
}

function chosen(name) {
  return radios(name).find(radio => radio.checked).value;
}

function choose(name, value) {
  for (const radio of radios(name)) {
    radio.checked = radio.value === value;
  }
}
