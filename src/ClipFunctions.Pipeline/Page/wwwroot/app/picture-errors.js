import { element, icon } from './dom.js';
import { words } from './format.js';

/** The reasons of a problem that concern single pictures, by the pictures' places. */
export function reasonsByPicture(errors, pictureCount) {
  return new Map((errors ?? []).filter(({ index }) => index < pictureCount).map(error => [error.index, error]));
}

export function pictureReason({ code, detail }) {
  return element('div', { class: 'picture-reason' },
    icon('alert'),
    element('div', {}, code ? element('p', { class: 'problem-title' }, words(code)) : null, element('p', {}, detail)));
}
