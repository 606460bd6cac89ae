import { byId } from './dom.js';

/** Has a screen reader say something at its next pause. */
export function announce(text) {
  const place = byId('announcer');
  // The same text twice would not be read twice.
  place.textContent = place.textContent === text ? `${text}\u00a0` : text;
}
