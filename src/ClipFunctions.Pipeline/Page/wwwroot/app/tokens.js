import { isAbort } from './api.js';
import { byId } from './dom.js';
import { count } from './format.js';
import { keyEvents } from './key.js';
import { modelEvents } from './models.js';
import { ProblemPlace } from './problem.js';
import { currentTab, tabEvents } from './tabs.js';
import { debounce, Latest } from './timing.js';
import { fetchTokens, tokenChips } from './token-chips.js';

const Pause = 250;

const latest = new Latest();
const problem = new ProblemPlace(byId('tokens-problem'));

export function startTokens() {
  byId('tokens-text').addEventListener('input', debounce(refresh, Pause));
  tabEvents.addEventListener('shown', refresh);
  modelEvents.addEventListener('change', refresh);
  keyEvents.addEventListener('change', refresh);
}

async function refresh() {
  if (currentTab() !== 'tokens') {
    return;
  }

  const signal = latest.start();
  try {
    const { tokens, tooLong } = await readTokens(byId('tokens-text').value, signal);
    problem.clear();
    showTokens(tokens, tooLong);
  } catch (error) {
    if (!isAbort(error)) {
      problem.show(error);
    }
  }
}

/** A text that does not fit is read anew as the model would truncate it. */
async function readTokens(text, signal) {
  const onWait = seconds => problem.showWaiting(seconds);
  try {
    return { tokens: await fetchTokens(text, { signal, onWait }), tooLong: null };
  } catch (error) {
    if (error.problem?.code !== 'TextTooLong') {
      throw error;
    }

    return { tokens: await fetchTokens(text, { signal, onWait, truncate: true }), tooLong: error.problem };
  }
}

function showTokens(tokens, tooLong) {
  const needed = tooLong?.actual ?? tokens.count;
  const meter = byId('tokens-meter');
  meter.style.inlineSize = `${Math.min(100, 100 * needed / tokens.contextLength)}%`;
  meter.classList.toggle('over', tooLong !== null);
  byId('tokens-count').textContent = `${needed} of ${count(tokens.contextLength, 'token')}, start and end included`;
  const warning = byId('tokens-warning');
  warning.hidden = tooLong === null;
  warning.textContent = tooLong
    ? `This text is too long for the model: it needs ${count(needed, 'token')} and ${tokens.contextLength} fit. Below is what is left when it is cut off.`
    : '';
  byId('tokens-output').replaceChildren(tokenChips(tokens, { label: 'Tokens with their ids', withIds: true }));
}
