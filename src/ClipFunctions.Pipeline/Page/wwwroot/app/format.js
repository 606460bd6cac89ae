export function percent(share) {
  const value = share * 100;
  if (value > 0 && value < 0.1) {
    return '< 0.1 %';
  }

  return value > 99.9 && value < 100 ? '> 99.9 %' : `${value.toFixed(1)} %`;
}

export function decimals(number, digits) {
  // Minus zero would read "-0.00".
  const text = number.toFixed(digits);
  return Number(text) === 0 ? (0).toFixed(digits) : text.replace('-', '\u2212');
}

export function count(number, singular, plural = `${singular}s`) {
  return `${number.toLocaleString('en')} ${number === 1 ? singular : plural}`;
}

const Units = [['day', 86400], ['hour', 3600], ['minute', 60]];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });

export function timeAgo(time, now = Date.now()) {
  const seconds = (now - new Date(time).getTime()) / 1000;
  if (seconds < 60) {
    return 'just now';
  }

  const [unit, length] = Units.find(([, size]) => seconds >= size);
  return relative.format(-Math.floor(seconds / length), unit);
}

/** A length of time: "20 s", "3 min 20 s", "2 h". */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) {
    return joined(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  }

  return minutes > 0 ? joined(minutes, 'min', seconds % 60, 's') : `${seconds} s`;
}

export function bytes(size) {
  if (size < 1024) {
    return `${size} bytes`;
  }

  return size < 1024 * 1024 ? `${(size / 1024).toFixed(0)} KB` : `${(size / 1024 / 1024).toFixed(1)} MB`;
}

/** "UnsupportedFormat" as people read it: "Unsupported format". */
export function words(code) {
  const spaced = code.replace(/([a-z])([A-Z])/g, (_, before, after) => `${before} ${after.toLowerCase()}`);
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

function joined(large, largeUnit, small, smallUnit) {
  return small > 0 ? `${large} ${largeUnit} ${small} ${smallUnit}` : `${large} ${largeUnit}`;
}
