// Shows the report that the page sends, in place of this document. Nothing in it runs: what a parser has made does not, and the
// policy of report-frame.html allows no script but this.
addEventListener('message', ({ source, data }) => {
  if (source !== parent) {
    return;
  }

  if (typeof data.report === 'string') {
    show(new DOMParser().parseFromString(data.report, 'text/html'));
  }

  // The person may have chosen another theme than the system's.
  document.documentElement.style.colorScheme = data.theme;
});

function show(report) {
  document.documentElement.replaceWith(document.adoptNode(report.documentElement));
  new ResizeObserver(() => parent.postMessage({ height: document.documentElement.offsetHeight }, '*')).observe(document.documentElement);
}
