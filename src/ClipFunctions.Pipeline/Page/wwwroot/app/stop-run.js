import { call } from './api.js';
import { byId } from './dom.js';
import { nameOf, runUrl } from './runs.js';

/** Stops a run once the person has confirmed it. Tells its status then, or null. */
export async function stopRun(status) {
  if (!await confirm(nameOf(status))) {
    return null;
  }

  return (await call(runUrl(status.runId), { method: 'DELETE', onWait: () => {} })).json();
}

function confirm(name) {
  const dialog = byId('stop-dialog');
  dialog.returnValue = '';
  byId('stop-detail').textContent = `${name}: what was computed so far is kept for the next run. The run itself cannot go on.`;
  dialog.showModal();
  return new Promise(resolve => dialog.addEventListener('close', () => resolve(dialog.returnValue === 'stop'), { once: true }));
}
