const SvgNamespace = 'http://www.w3.org/2000/svg';

export function byId(id) {
  return document.getElementById(id);
}

/** Makes an element; strings among the children become text, never markup. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith('on')) {
      made.addEventListener(name.slice(2), value);
    } else if (value === true) {
      made.setAttribute(name, '');
    } else if (value !== false && value !== null && value !== undefined) {
      made.setAttribute(name, value);
    }
  }

  made.append(...children.flat().filter(child => child !== null && child !== undefined));
  return made;
}

export function icon(name) {
  const svg = document.createElementNS(SvgNamespace, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SvgNamespace, 'use');
  use.setAttribute('href', `#icon-${name}`);
  svg.append(use);
  return svg;
}

export function iconButton(iconName, label, onclick) {
  return element('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick }, icon(iconName));
}

export function emptyState(iconName, title, ...text) {
  return [icon(iconName), element('h3', {}, title), element('p', {}, ...text)];
}

/** Scrolls to results that stand below what is visible, as on a phone. */
export function reveal(output) {
  if (output.getBoundingClientRect().top > window.innerHeight * 0.8) {
    output.scrollIntoView({ block: 'start' });
  }
}

/** Shows or, without a message, clears the error of a form field. */
export function setFieldError(field, place, message) {
  place.textContent = message ?? '';
  place.hidden = !message;
  if (message) {
    field.setAttribute('aria-invalid', 'true');
  } else {
    field.removeAttribute('aria-invalid');
  }
}

/** Moves a roving selection: which of so many items an arrow key leads to, or null. */
export function arrowTarget(key, index, count) {
  switch (key) {
    case 'ArrowRight':
    case 'ArrowDown':
      return (index + 1) % count;
    case 'ArrowLeft':
    case 'ArrowUp':
      return (index + count - 1) % count;
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return null;
  }
}
