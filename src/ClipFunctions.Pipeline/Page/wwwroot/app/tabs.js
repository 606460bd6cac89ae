import { arrowTarget, byId } from './dom.js';

const tabs = [...document.querySelectorAll('[role=tab]')];

/** Fires `shown` with `{ tab, query }` whenever a tab is shown, and `hidden` with `{ tab }` for the one before. */
export const tabEvents = new EventTarget();

let shown = null;

export function currentTab() {
  return shown;
}

/** Shows a tab and writes it, with what it shows, into the address. */
export function openTab(name, query = {}) {
  const hash = `#${name}${queryText(query)}`;
  if (hash === location.hash) {
    showFromHash();
  } else {
    location.hash = hash;
  }
}

export function startTabs() {
  for (const tab of tabs) {
    tab.addEventListener('click', () => switchTo(tab));
    tab.addEventListener('keydown', moveByArrow);
  }

  window.addEventListener('hashchange', showFromHash);
  showFromHash();
}

function switchTo(tab) {
  // Walking through tabs leaves no trail in the history.
  history.replaceState(null, '', `#${tab.dataset.tab}`);
  showFromHash();
}

function moveByArrow(event) {
  const target = arrowTarget(event.key, tabs.indexOf(event.currentTarget), tabs.length);
  if (target === null || event.altKey || event.ctrlKey || event.metaKey) {
    return;
  }

  event.preventDefault();
  tabs[target].focus();
  switchTo(tabs[target]);
}

function showFromHash() {
  const [name, query = ''] = location.hash.slice(1).split('?');
  const tab = tabs.find(one => one.dataset.tab === name) ?? tabs[0];
  show(tab, Object.fromEntries(new URLSearchParams(query)));
}

function show(tab, query) {
  const before = shown;
  shown = tab.dataset.tab;
  for (const one of tabs) {
    const isShown = one === tab;
    one.setAttribute('aria-selected', String(isShown));
    one.tabIndex = isShown ? 0 : -1;
    byId(one.getAttribute('aria-controls')).hidden = !isShown;
  }

  if (before !== null && before !== shown) {
    tabEvents.dispatchEvent(new CustomEvent('hidden', { detail: { tab: before } }));
  }

  tabEvents.dispatchEvent(new CustomEvent('shown', { detail: { tab: shown, query } }));
}

function queryText(query) {
  const text = new URLSearchParams(query).toString();
  return text ? `?${text}` : '';
}
