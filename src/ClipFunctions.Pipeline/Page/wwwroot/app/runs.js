import { apiUrl } from './api.js';
import { count, percent } from './format.js';

export const States = {
  queued: 'Queued',
  planning: 'Planning',
  extracting: 'Extracting',
  fitting: 'Fitting',
  done: 'Done',
  failed: 'Failed',
  cancelled: 'Stopped',
};

/** The address of a run, or of one of its files. */
export function runUrl(runId, file) {
  return apiUrl(`evaluations/${encodeURIComponent(runId)}${file ? `/${file}` : ''}`);
}

/** What people call a run. */
export function nameOf({ request, runId }) {
  return request?.dataset ?? runId;
}

/** What is not known is left out by the server, or null. */
export function isKnown(value) {
  return value !== undefined && value !== null;
}

export function isOver({ state }) {
  return state === 'done' || state === 'failed' || state === 'cancelled';
}

/** What was measured with which model on how many pictures. */
export function factsOf({ request, pictures }) {
  return [
    request ? kindOf(request) : null,
    request ? request.model ?? 'default model' : null,
    isKnown(pictures) ? count(pictures, 'picture') : null,
  ].filter(isKnown);
}

export function outcomeOf(status) {
  const end = status.state === 'done' && isKnown(status.top1) ? `done, top-1 ${percent(status.top1)}` : States[status.state].toLowerCase();
  return `${nameOf(status)}: ${end}`;
}

/** What a run does now. */
export function stepOf({ state, shards, shardsDone, progress }) {
  switch (state) {
    case 'queued':
      return 'Waits for a worker.';
    case 'planning':
      return 'Looks through the data set.';
    case 'extracting':
      return isKnown(shards) ? `${(shardsDone ?? 0).toLocaleString('en')} of ${count(shards, 'shard')}` : 'Pictures become vectors.';
    case 'fitting':
      return progress ?? 'Fits and measures.';
    default:
      return '';
  }
}

function kindOf({ kind, C, labelSet, labels }) {
  if (kind !== 'zero-shot') {
    return isKnown(C) ? `Linear probe, C = ${C}` : 'Linear probe, best C';
  }

  if (labelSet) {
    return `Zero-shot, labels of ${labelSet}`;
  }

  return labels ? `Zero-shot, ${count(labels.length, 'own label')}` : 'Zero-shot, class names';
}
