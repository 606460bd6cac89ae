import { element } from './dom.js';
import { percent } from './format.js';

/** Labels with their probabilities, as text and as bars. */
export function bars(labels) {
  return element('ol', { class: 'bars' }, labels.map(bar));
}

/** The same in one line, for small cards. */
export function labelLine(labels) {
  return element('ul', { class: 'label-line' }, labels.map(({ label, probability }) =>
    element('li', {}, element('span', { class: 'label-name' }, label), ' ', element('span', { class: 'label-share' }, percent(probability)))));
}

function bar({ label, probability }) {
  const fill = element('span', { class: 'bar-fill' });
  fill.style.inlineSize = `${100 * probability}%`;
  return element('li', { class: 'bar' },
    element('span', { class: 'bar-label' }, label),
    ' ',
    element('span', { class: 'bar-value' }, percent(probability)),
    element('span', { class: 'bar-track', 'aria-hidden': 'true' }, fill));
}
