import { call } from './api.js';
import { byId, element } from './dom.js';
import { nameOf, runUrl } from './runs.js';
import { currentTheme, themeEvents } from './theme.js';

const MaxHeight = 50_000;

let shown = null;
let frame = null;

export function startReports() {
  window.addEventListener('message', ({ source, data }) => {
    if (source === frame?.contentWindow && Number.isFinite(data?.height)) {
      frame.style.blockSize = `${Math.min(Math.max(0, data.height), MaxHeight)}px`;
    }
  });
  themeEvents.addEventListener('change', () => send({ theme: currentTheme() }));
}

/**
 * Shows a run's report, a document of its own with styles inside. An address in a frame could not send a key in a header, and
 * `blob:` and `srcdoc` documents inherit the page's policy, which forbids such styles. So the report is fetched and given to
 * `report-frame.html`, whose policy allows them and nothing else. The frame is of another origin than the page: it reaches
 * neither the key nor the API.
 */
export async function showReport(status, signal) {
  if (shown === status.runId) {
    return;
  }

  clearReport();
  const report = await (await call(runUrl(status.runId, 'report'), { signal, askKey: false })).text();
  shown = status.runId;
  frame = element('iframe', {
    class: 'report-frame',
    src: 'app/report-frame.html',
    sandbox: 'allow-scripts',
    title: `Report of ${nameOf(status)}`,
    onload: () => send({ report, theme: currentTheme() }),
  });
  byId('report-place').replaceChildren(frame);
}

export function clearReport() {
  shown = null;
  frame = null;
  byId('report-place').replaceChildren();
}

function send(message) {
  // The frame's origin has no name that could stand here in place of the star.
  frame?.contentWindow?.postMessage(message, '*');
}
