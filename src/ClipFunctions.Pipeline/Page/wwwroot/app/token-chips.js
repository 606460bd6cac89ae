import { apiUrl, postJson } from './api.js';
import { element } from './dom.js';
import { currentModel } from './models.js';

const Tones = 6;
const SpecialNames = { '<|startoftext|>': 'start', '<|endoftext|>': 'end' };

export async function fetchTokens(text, { signal, truncate = false, onWait } = {}) {
  const answer = await postJson(apiUrl('tokenize'), { texts: [text], model: currentModel(), truncate }, { signal, onWait });
  return { ...answer.results[0], contextLength: answer.contextLength };
}

/** Coloured tokens in their order, with their ids underneath if wanted. */
export function tokenChips({ tokens, ids }, { label, withIds = false }) {
  return element('ol', { class: withIds ? 'chips with-ids' : 'chips', 'aria-label': label }, tokens.map((token, index) => {
    const { text, kind } = reading(token);
    return element('li', { class: `chip ${kind}`, 'data-tone': kind === 'special' ? null : index % Tones, title: `${token} = ${ids[index]}` },
      element('span', { class: 'chip-text' }, text),
      withIds ? element('span', { class: 'chip-id' }, `${ids[index]}`) : null);
  }));
}

/** How a token of the vocabulary reads: byte-pair encoding marks the end of a word, SentencePiece its start. */
function reading(token) {
  if (/^<.+>$/.test(token) && token !== '</w>') {
    return { text: SpecialNames[token] ?? token, kind: 'special' };
  }

  if (token.endsWith('</w>')) {
    return { text: token.slice(0, -'</w>'.length), kind: 'word-end' };
  }

  return token.startsWith('\u2581')
    ? { text: token.slice(1) || '\u2423', kind: 'word-start' }
    : { text: token, kind: 'piece' };
}
