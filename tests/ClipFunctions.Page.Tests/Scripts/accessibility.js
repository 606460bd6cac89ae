() => {
  const findings = [];
  const tell = (what, element) => findings.push(`${what}: ${element.outerHTML.slice(0, 160)}`);
  const isVisible = element => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && element.getClientRects().length > 0;
  const all = selector => [...document.querySelectorAll(selector)];
  const seen = selector => all(selector).filter(isVisible);

  namesOfControls();
  images();
  headings();
  tabs();
  references();
  targetSizes();
  contrasts();
  return findings;

  function nameOf(element) {
    const labelledBy = element.getAttribute('aria-labelledby')?.split(' ').map(id => document.getElementById(id)?.textContent).join(' ');
    const labels = [...element.labels ?? []].map(label => label.textContent).join(' ');
    return (labelledBy || element.getAttribute('aria-label') || labels || (element.matches('input, select, textarea') ? '' : element.textContent)).trim();
  }

  function namesOfControls() {
    for (const control of all('button, a[href], input, select, textarea, dialog, [role=region], section[aria-label]')) {
      if (nameOf(control) === '') {
        tell('No name', control);
      }
    }
  }

  function images() {
    all('img:not([alt])').forEach(image => tell('No alt', image));
    all('iframe:not([title])').forEach(frame => tell('No title', frame));
    all('progress:not([aria-label])').forEach(bar => tell('No name', bar));
    all('svg:not([aria-hidden=true])').forEach(image => tell('Icon is read aloud', image));
  }

  function headings() {
    const levels = seen('h1, h2, h3, h4').map(heading => Number(heading.tagName[1]));
    if (levels.filter(level => level === 1).length !== 1) {
      findings.push(`Not one h1: ${levels}`);
    }

    levels.forEach((level, index) => {
      if (index > 0 && level > levels[index - 1] + 1) {
        findings.push(`A heading level is left out: ${levels}`);
      }
    });
  }

  function tabs() {
    const list = all('[role=tablist] > [role=tab]');
    const selected = list.filter(tab => tab.getAttribute('aria-selected') === 'true');
    if (list.length !== all('[role=tab]').length || selected.length !== 1 || list.filter(tab => tab.tabIndex === 0).length !== 1) {
      findings.push('The tabs are not one list with one selected.');
    }

    for (const tab of list) {
      const panel = document.getElementById(tab.getAttribute('aria-controls'));
      if (panel?.getAttribute('role') !== 'tabpanel' || panel.getAttribute('aria-labelledby') !== tab.id || panel.hidden === selected.includes(tab)) {
        tell('A tab without its panel', tab);
      }
    }
  }

  function references() {
    const ids = all('[id]').map(element => element.id);
    ids.filter((id, index) => ids.indexOf(id) !== index).forEach(id => findings.push(`The id ${id} is there twice.`));
    for (const name of ['for', 'aria-describedby', 'aria-labelledby', 'aria-controls']) {
      for (const element of all(`[${name}]`)) {
        if (!element.getAttribute(name).split(' ').every(id => ids.includes(id))) {
          tell(`${name} leads nowhere`, element);
        }
      }
    }
  }

  function targetSizes() {
    for (const control of seen('button, select, textarea, summary, input:not([type=radio]), a[href], .segmented label')) {
      const isInText = control.matches('p a, .skip-link');
      const { width, height } = control.getBoundingClientRect();
      if (!isInText && (width < 40 || height < 40)) {
        tell(`Only ${Math.round(width)} × ${Math.round(height)} px`, control);
      }
    }
  }

  function contrasts() {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    for (const element of seen('body *')) {
      const hasText = [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.textContent.trim() !== '');
      const isDisabled = element.closest(':disabled') !== null;
      if (!hasText || isDisabled || element.closest('.visually-hidden, svg, noscript, .skip-link')) {
        continue;
      }

      const style = getComputedStyle(element);
      const ground = groundOf(element);
      const ratio = contrast(over([...colour(style.color), opacityOf(element)], ground), ground);
      const isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (isLarge ? 3 : 4.5)) {
        tell(`Contrast of ${ratio.toFixed(2)}`, element);
      }
    }

    function colour(css) {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = css;
      canvas.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
      return [red, green, blue, alpha / 255];
    }

    // Pictures under text are taken as the worst there is for it: white.
    function groundOf(element) {
      const layers = [];
      for (let at = element; at; at = at.parentElement) {
        layers.push(colour(getComputedStyle(at).backgroundColor));
        if (at.matches('.badge')) {
          layers.push([255, 255, 255, 1]);
        }

        if (layers.at(-1)[3] === 1) {
          break;
        }
      }

      return layers.reverse().reduce((below, layer) => over([...layer, 1], below), [255, 255, 255]);
    }

    function opacityOf(element) {
      let opacity = 1;
      for (let at = element; at; at = at.parentElement) {
        opacity *= Number(getComputedStyle(at).opacity);
      }

      return opacity;
    }

    function over([red, green, blue, alpha, opacity], below) {
      const share = alpha * opacity;
      return [red, green, blue].map((part, index) => part * share + below[index] * (1 - share));
    }

    function contrast(one, other) {
      const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
      return (high + 0.05) / (low + 0.05);
    }

    function luminance(parts) {
      const [red, green, blue] = parts.map(part => part / 255).map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    }
  }
}
