import { element, icon } from './dom.js';
import { labelLine } from './bars.js';
import { openTab } from './tabs.js';
import { showThumbnail } from './thumbnails.js';

/** A square thumbnail of an upload with its name and whatever else the caller tells. */
export function gridCard(upload, { badge = null, body = [], canSearch = true }) {
  const image = element('img', { alt: '', width: 256, height: 256 });
  if (upload.state !== 'failed') {
    showThumbnail(image, upload);
  }

  return element('li', { class: 'card grid-card' },
    element('div', { class: 'grid-frame' }, image, icon('picture'), badge ? element('span', { class: 'badge' }, badge) : null),
    element('div', { class: 'grid-body' },
      element('h3', { title: upload.name }, upload.name),
      ...body,
      canSearch ? moreLikeThis(upload) : null));
}

export function topLabels(upload, number = 3) {
  return labelLine(upload.labels.slice(0, number));
}

function moreLikeThis(upload) {
  return element('button', {
    type: 'button',
    class: 'more-like-this',
    'aria-label': `More like ${upload.name}`,
    onclick: () => openTab('search', { like: upload.name }),
  }, 'More like this');
}
