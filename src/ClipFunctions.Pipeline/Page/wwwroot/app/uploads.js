import { announce } from './announce.js';
import { apiUrl, getJson } from './api.js';
import { byId, element } from './dom.js';
import { bytes, count, percent, timeAgo, words } from './format.js';
import { KeyedList } from './keyed-list.js';
import { gridCard, topLabels } from './picture-grid.js';
import { Poller } from './poller.js';
import { ProblemPlace } from './problem.js';

const Interval = 2;
const PageSize = 24;
const NamedAnnouncements = 3;

const cards = new KeyedList(byId('uploads-list'), { idOf, make: upload => ({ element: uploadCard(upload, hasLoaded) }) });
const poller = new Poller('uploads', {
  ask: readFeed,
  problem: new ProblemPlace(byId('uploads-problem')),
  state: byId('live-state'),
  interval: Interval,
});

let top = PageSize;
let hasLoaded = false;

export function startUploads() {
  poller.start();
  byId('uploads-more').addEventListener('click', () => {
    top += PageSize;
    poller.now();
  });
}

async function readFeed(signal) {
  showFeed(await getJson(apiUrl('uploads', { top }), { signal, askKey: false }));
  return Interval;
}

function showFeed({ total, uploads }) {
  byId('uploads-empty').hidden = total > 0;
  byId('uploads-summary').textContent = total > 0 ? `${count(uploads.length, 'upload')} shown of ${total.toLocaleString('en')}` : '';
  byId('uploads-more').hidden = uploads.length >= total || uploads.length < top;
  const fresh = uploads.filter(upload => !cards.has(upload));
  cards.show(uploads);
  showAges(uploads);
  if (hasLoaded && fresh.length > 0) {
    announceFresh(fresh);
  }

  hasLoaded = true;
}

function idOf({ name, eTag, state }) {
  return `${name}\n${eTag}\n${state}`;
}

function uploadCard(upload, isFresh) {
  const hasFailed = upload.state === 'failed';
  const card = gridCard(upload, {
    body: [
      hasFailed ? failure(upload.failure) : topLabels(upload),
      element('p', { class: 'hint' }, element('time', { datetime: upload.time }), ` \u00b7 ${bytes(upload.size)}`),
    ],
    canSearch: !hasFailed,
  });
  card.classList.toggle('failed', hasFailed);
  card.classList.toggle('fresh', isFresh);
  return card;
}

function failure(reason) {
  return element('div', { class: 'upload-failure' },
    element('p', { class: 'problem-title' }, words(reason?.reason ?? 'Failed')),
    reason?.message ? element('p', {}, reason.message) : null);
}

function showAges(uploads) {
  for (const upload of uploads) {
    const time = cards.get(upload).element.querySelector('time');
    const age = timeAgo(upload.time);
    if (time && time.textContent !== age) {
      time.textContent = age;
      time.title = new Date(upload.time).toLocaleString();
    }
  }
}

function announceFresh(fresh) {
  announce(fresh.length > NamedAnnouncements
    ? `${fresh.length} new uploads`
    : fresh.map(({ name, state, labels }) => state === 'failed' ? `${name} failed` : `${name}: ${labels[0]?.label}, ${percent(labels[0]?.probability)}`).join('. '));
}
