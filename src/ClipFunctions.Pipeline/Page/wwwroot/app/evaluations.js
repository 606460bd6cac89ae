import { announce } from './announce.js';
import { apiUrl, getJson } from './api.js';
import { byId, reveal } from './dom.js';
import { count } from './format.js';
import { KeyedList } from './keyed-list.js';
import { Poller } from './poller.js';
import { ProblemPlace } from './problem.js';
import { clearReport, showReport, startReports } from './report-view.js';
import { RunCard } from './run-card.js';
import { fillRunForm, startRunForm } from './run-form.js';
import { isOver, nameOf, outcomeOf, runUrl } from './runs.js';
import { stopRun } from './stop-run.js';
import { openTab, tabEvents } from './tabs.js';

const Interval = 2;
const IdleInterval = 10;
const PageSize = 20;

const cards = new KeyedList(byId('runs-list'), { idOf: ({ runId }) => runId, make: () => new RunCard({ stop, again }) });
const known = new Map();
const poller = new Poller('evaluations', {
  ask: signal => opened === null ? readRuns(signal) : readRun(opened, signal),
  problem: new ProblemPlace(byId('evaluations-problem')),
  state: byId('runs-live-state'),
  interval: Interval,
});

let top = PageSize;
let opened = null;
let openedCard = null;

export function startEvaluations() {
  startRunForm(started);
  startReports();
  tabEvents.addEventListener('shown', ({ detail }) => detail.tab === 'evaluations' && open(detail.query.run ?? null));
  poller.start();
  byId('runs-more').addEventListener('click', () => {
    top += PageSize;
    poller.now();
  });
}

/** Shows one run with its report, or, without an id, all runs. */
function open(runId) {
  if (runId === opened) {
    return;
  }

  const before = opened;
  const hadFocus = byId(before === null ? 'runs-view' : 'run-view').contains(document.activeElement);
  opened = runId;
  clearReport();
  byId('runs-view').hidden = runId !== null;
  byId('run-view').hidden = runId === null;
  openedCard = runId === null ? null : new RunCard({ isWhole: true, stop, again });
  byId('run-place').replaceChildren(...openedCard ? [openedCard.element] : []);
  if (known.has(runId)) {
    openedCard.show(known.get(runId));
  }

  if (hadFocus) {
    (openedCard ? openedCard.focus() : cards.get({ runId: before })?.focusLink());
  }
}

async function readRuns(signal) {
  const { total, evaluations } = await getJson(apiUrl('evaluations', { top }), { signal, askKey: false });
  byId('runs-empty').hidden = total > 0;
  byId('runs-summary').textContent = total > 0 ? `${count(evaluations.length, 'run')} shown of ${total.toLocaleString('en')}` : '';
  byId('runs-more').hidden = evaluations.length >= total || evaluations.length < top;
  cards.show(evaluations);
  note(evaluations);
  return evaluations.every(isOver) ? IdleInterval : Interval;
}

async function readRun(runId, signal) {
  const status = await getJson(runUrl(runId), { signal, askKey: false });
  note([status]);
  if (status.state === 'done') {
    await showReport(status, signal);
  }

  return isOver(status) ? IdleInterval : Interval;
}

/** Shows what is new of runs, and tells which of them have ended. */
function note(statuses) {
  const ended = statuses.filter(status => isOver(status) && known.has(status.runId) && !isOver(known.get(status.runId)));
  for (const status of statuses) {
    known.set(status.runId, status);
    cards.get(status)?.show(status);
    if (status.runId === opened) {
      openedCard.show(status);
    }
  }

  if (ended.length > 0) {
    announce(ended.map(outcomeOf).join('. '));
  }
}

function started(status) {
  known.set(status.runId, status);
  announce(`Run started: ${nameOf(status)}`);
  poller.now();
  reveal(byId('runs-output'));
}

async function stop(status) {
  const stopped = await stopRun(status);
  if (stopped) {
    note([stopped]);
    poller.now();
  }
}

function again({ request }) {
  openTab('evaluations');
  open(null);
  fillRunForm(request);
}
