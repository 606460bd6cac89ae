import { apiUrl, getJson } from './api.js';
import { byId, element } from './dom.js';
import { askForKey, keyEvents } from './key.js';

const FingerprintLength = 8;

let models = [];

/** Fires `change` when another model is chosen and `loaded` when the list of models is there. */
export const modelEvents = new EventTarget();

/** The chosen model's id; undefined, which means the server's default, until the list is there. */
export function currentModel() {
  return byId('model-select').value || undefined;
}

/** Chooses a model as the person would; tells whether it is there. */
export function chooseModel(id) {
  const select = byId('model-select');
  if (!models.some(model => model.id === id)) {
    return false;
  }

  if (select.value !== id) {
    select.value = id;
    select.dispatchEvent(new Event('change'));
  }

  return true;
}

export async function startModels() {
  byId('model-select').addEventListener('change', () => {
    showFacts();
    modelEvents.dispatchEvent(new Event('change'));
  });
  keyEvents.addEventListener('change', () => models.length === 0 && load());
  await load();
}

/** A first answer may have loaded the model: its facts are known only then. */
export async function noteModelUsed(id) {
  const model = models.find(one => one.id === id);
  if (model && !(model.fingerprint && model.device)) {
    await load({ askKey: false });
  }
}

async function load(options) {
  try {
    const answer = await getJson(apiUrl('models'), { onWait: () => {}, ...options });
    models = answer.models.filter(model => model.available);
    fillSelect(answer.default);
    showFacts();
    modelEvents.dispatchEvent(new Event('loaded'));
  } catch (error) {
    if (models.length === 0) {
      showFailure(error);
    }
  }
}

function fillSelect(defaultId) {
  const select = byId('model-select');
  const chosen = select.value || defaultId;
  select.replaceChildren(...models.map(model => element('option', { value: model.id }, model.id)));
  select.value = models.some(model => model.id === chosen) ? chosen : models[0]?.id ?? '';
  select.disabled = models.length === 0;
}

function showFacts() {
  const model = models.find(one => one.id === currentModel());
  const facts = model
    ? [
      ['Precision', model.precision],
      ['Device', model.device ?? (model.loaded ? null : 'not loaded')],
      ['Dimension', model.dimension && `${model.dimension}-d`],
      ['Fingerprint', model.fingerprint?.slice(0, FingerprintLength)],
    ]
    : [['Models', 'none available']];
  byId('model-facts').replaceChildren(element('dl', {}, facts.filter(([, value]) => value).map(([name, value]) =>
    element('div', { title: name, class: `fact-${name.toLowerCase()}` }, element('dt', { class: 'visually-hidden' }, name), element('dd', {}, value)))));
}

function showFailure(error) {
  byId('model-select').replaceChildren(element('option', { value: '' }, 'Unknown model'));
  const isKeyMissing = error.status === 401;
  byId('model-facts').replaceChildren(element('button', {
    type: 'button',
    class: 'link-button',
    title: error.message,
    onclick: async () => {
      if (!isKeyMissing || await askForKey(false)) {
        await load();
      }
    },
  }, isKeyMissing ? 'Enter the key' : 'Not reachable: try again'));
}
