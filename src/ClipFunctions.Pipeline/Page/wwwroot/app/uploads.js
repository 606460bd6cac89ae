import { announce } from './announce.js';
import { apiUrl, getJson, isAbort } from './api.js';
import { byId, element } from './dom.js';
import { bytes, count, percent, timeAgo, words } from './format.js';
import { keyEvents } from './key.js';
import { gridCard, topLabels } from './picture-grid.js';
import { ProblemPlace } from './problem.js';
import { currentTab, tabEvents } from './tabs.js';
import { Latest, wait } from './timing.js';

const Interval = 2;
const LongestInterval = 60;
const PageSize = 24;
const NamedAnnouncements = 3;

const latest = new Latest();
const problem = new ProblemPlace(byId('uploads-problem'));
const cards = new Map();

let top = PageSize;
let failures = 0;
let hasLoaded = false;

export function startUploads() {
  tabEvents.addEventListener('shown', watch);
  tabEvents.addEventListener('hidden', watch);
  document.addEventListener('visibilitychange', watch);
  keyEvents.addEventListener('change', watch);
  byId('uploads-more').addEventListener('click', () => {
    top += PageSize;
    watch();
  });
}

/** Polls as long as somebody can see it. */
async function watch() {
  if (currentTab() !== 'uploads' || document.hidden) {
    latest.cancel();
    showState('paused');
    return;
  }

  const signal = latest.start();
  try {
    for (;;) {
      const seconds = await poll(signal);
      await wait(seconds * 1000, signal);
    }
  } catch (error) {
    if (!isAbort(error)) {
      throw error;
    }
  }
}

/** Reads the feed once; tells how many seconds to wait for the next time. */
async function poll(signal) {
  try {
    const feed = await getJson(apiUrl('uploads', { top }), { signal, askKey: false });
    failures = 0;
    problem.clear();
    showState('live');
    showFeed(feed);
    return Interval;
  } catch (error) {
    if (isAbort(error)) {
      throw error;
    }

    return backOff(error);
  }
}

function backOff(error) {
  failures++;
  const seconds = error.waitSeconds ?? Math.min(LongestInterval, Interval * 2 ** failures);
  showState('waiting', seconds);
  // Shown anew at each failure it would be read aloud each time.
  if (failures === 1) {
    problem.show(error);
  }

  return seconds;
}

function showState(state, seconds) {
  const place = byId('live-state');
  place.dataset.state = state;
  place.textContent = { live: 'Live', paused: 'Paused', waiting: `Next try in ${seconds} s` }[state];
}

function showFeed({ total, uploads }) {
  byId('uploads-empty').hidden = total > 0;
  byId('uploads-summary').textContent = total > 0 ? `${count(uploads.length, 'upload')} shown of ${total.toLocaleString('en')}` : '';
  byId('uploads-more').hidden = uploads.length >= total || uploads.length < top;
  const fresh = uploads.filter(upload => !cards.has(idOf(upload)));
  if (!hasSameOrder(uploads)) {
    arrange(uploads);
  }

  showAges(uploads);
  if (hasLoaded && fresh.length > 0) {
    announceFresh(fresh);
  }

  hasLoaded = true;
}

function idOf({ name, eTag, state }) {
  return `${name}\n${eTag}\n${state}`;
}

function hasSameOrder(uploads) {
  const ids = [...cards.keys()];
  return uploads.length === ids.length && uploads.every((upload, index) => ids[index] === idOf(upload));
}

/** Cards that stay are moved, not made anew: focus and pictures stay with them. */
function arrange(uploads) {
  const before = new Map(cards);
  const list = byId('uploads-list');
  cards.clear();
  for (const upload of uploads) {
    cards.set(idOf(upload), before.get(idOf(upload)) ?? uploadCard(upload, hasLoaded));
  }

  const kept = new Set(cards.values());
  for (const card of [...list.children]) {
    if (!kept.has(card)) {
      card.remove();
    }
  }

  [...cards.values()].forEach((card, index) => {
    if (list.children[index] !== card) {
      list.insertBefore(card, list.children[index] ?? null);
    }
  });
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
    const time = cards.get(idOf(upload))?.querySelector('time');
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
