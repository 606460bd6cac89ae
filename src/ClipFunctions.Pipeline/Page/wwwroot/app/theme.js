import { byId } from './dom.js';

const systemIsDark = matchMedia('(prefers-color-scheme: dark)');

/** Fires `change` when the page turns dark or light. */
export const themeEvents = new EventTarget();

/** "dark" or "light", as the person sees it. */
export function currentTheme() {
  return isDark() ? 'dark' : 'light';
}

export function startTheme() {
  byId('theme-toggle').addEventListener('click', () => choose(isDark() ? 'light' : 'dark'));
  systemIsDark.addEventListener('change', showState);
  showState();
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : systemIsDark.matches;
}

function choose(theme) {
  document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem('theme', theme);
  } catch {
    // Storage is closed to this page: the choice lasts until it is reloaded.
  }

  showState();
}

function showState() {
  byId('theme-toggle').setAttribute('aria-pressed', String(isDark()));
  themeEvents.dispatchEvent(new Event('change'));
}
