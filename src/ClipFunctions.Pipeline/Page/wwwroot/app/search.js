import { announce } from './announce.js';
import { apiUrl, getJson, isAbort } from './api.js';
import { byId, element, emptyState, iconButton } from './dom.js';
import { count, decimals } from './format.js';
import { keyEvents } from './key.js';
import { gridCard, topLabels } from './picture-grid.js';
import { ProblemPlace } from './problem.js';
import { currentTab, openTab, tabEvents } from './tabs.js';
import { showThumbnail } from './thumbnails.js';
import { Latest } from './timing.js';

const PageSize = 24;

const latest = new Latest();
const problem = new ProblemPlace(byId('search-problem'));

let asked = null;
let next = null;

export function startSearch() {
  byId('search-form').addEventListener('submit', event => {
    event.preventDefault();
    const text = byId('search-text').value.trim();
    if (text.length === 0) {
      byId('search-text').focus();
      return;
    }

    asked = null;
    openTab('search', { text });
  });
  byId('search-more').addEventListener('click', loadMore);
  tabEvents.addEventListener('shown', ({ detail }) => detail.tab === 'search' && showQuery(detail.query));
  keyEvents.addEventListener('change', () => currentTab() === 'search' && repeat());
  showStart();
}

/** The address tells what to search for, so that "back" leads to the search before. */
function showQuery({ text, like }) {
  const query = like ? { like } : { text };
  if (!text && !like) {
    return;
  }

  if (JSON.stringify(query) === JSON.stringify(asked)) {
    return;
  }

  asked = query;
  byId('search-text').value = text ?? '';
  showLike(like);
  search();
}

function repeat() {
  if (asked) {
    search();
  }
}

async function search() {
  const results = byId('search-results');
  const answer = await ask(apiUrl('search', { ...asked, top: PageSize }));
  if (answer === null) {
    return;
  }

  const found = others(answer.results);
  results.replaceChildren(...found.map(resultCard));
  showSummary(answer, found.length);
}

async function loadMore() {
  // `next` is written from the server's root; the page may stand elsewhere.
  const url = apiUrl('search', Object.fromEntries(new URL(next, document.baseURI).searchParams));
  const answer = await ask(url);
  if (answer !== null) {
    const cards = others(answer.results).map(resultCard);
    byId('search-results').append(...cards);
    cards[0]?.querySelector('button')?.focus();
    announce(`${count(cards.length, 'more picture')} shown`);
  }
}

/** Null where the request failed or another took its place. */
async function ask(url) {
  problem.clear();
  setBusy(true);
  const signal = latest.start();
  try {
    const answer = await getJson(url, { signal, onWait: seconds => problem.showWaiting(seconds) });
    problem.clear();
    next = answer.next;
    byId('search-more').hidden = next === null;
    return answer;
  } catch (error) {
    if (!isAbort(error)) {
      asked = null;
      problem.show(error);
    }

    return null;
  } finally {
    if (!signal.aborted) {
      setBusy(false);
    }
  }
}

function setBusy(isBusy) {
  byId('search-output').setAttribute('aria-busy', String(isBusy));
}

/** A picture is most like itself, which is no news. */
function others(results) {
  return results.filter(({ name }) => name !== asked.like);
}

function resultCard(result) {
  return gridCard(result, { badge: decimals(result.score, 3), body: [topLabels(result)] });
}

function showSummary({ pictures, truncated }, found) {
  byId('search-empty').hidden = found > 0;
  byId('search-summary').textContent = found === 0 ? '' : summaryOf(pictures, truncated);
  if (pictures === 0) {
    showEmpty('uploads', 'There is nothing to search yet', 'Pictures in the storage container for uploads can be searched as soon as they are tagged. See ',
      element('a', { href: '#uploads' }, 'Uploads'), '.');
  } else if (found === 0) {
    showEmpty('search', 'No other pictures', 'There is nothing left to compare with.');
  }

  announce(count(found, 'picture found', 'pictures found'));
}

function summaryOf(pictures, truncated) {
  const compared = `Best first, of ${count(pictures, 'picture')}. The number is the cosine similarity.`;
  return truncated ? `${compared} There are more uploads than one search compares.` : compared;
}

function showEmpty(iconName, title, ...text) {
  const empty = byId('search-empty');
  empty.hidden = false;
  empty.replaceChildren(...emptyState(iconName, title, ...text));
}

function showLike(like) {
  const bar = byId('search-like');
  bar.hidden = !like;
  if (!like) {
    bar.replaceChildren();
    return;
  }

  const image = element('img', { alt: '', width: 48, height: 48 });
  showThumbnail(image, { name: like });
  bar.replaceChildren(
    image,
    element('span', { class: 'like-name' }, 'More like ', element('strong', {}, like)),
    iconButton('close', `Stop looking for pictures like ${like}`, clear));
  bar.focus();
}

function clear() {
  latest.cancel();
  setBusy(false);
  asked = null;
  showLike(null);
  byId('search-results').replaceChildren();
  byId('search-summary').textContent = '';
  byId('search-more').hidden = true;
  showStart();
  openTab('search');
  byId('search-text').focus();
}

function showStart() {
  showEmpty('search', 'What are you looking for?', 'Describe a picture in your own words. Every tagged upload is compared with them.');
}
