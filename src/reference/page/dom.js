// Making elements. All text goes in as text, so nothing that a document or an answer holds can become markup.

/** An element with attributes and children: texts, elements, or lists of either; null and undefined are left out. */
export function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (value === true) element.setAttribute(key, '');
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null));
  return element;
}

/** A sentence in which `this` is code. */
export function prose(text) {
  return text.split('`').map((part, place) => (place % 2 ? make('code', {}, part) : part));
}

/** Paragraphs, and tables of `| a | b |` lines. */
export function paragraphs(text) {
  return text.split('\n\n').map((block) => {
    const lines = block.split('\n');
    if (!lines[0].startsWith('|')) return make('p', {}, prose(block));
    const cells = (line) => line.split('|').slice(1, -1).map((cell) => cell.trim());
    return table(cells(lines[0]), lines.slice(2).map(cells));
  });
}

/** A table: the names of the columns, and rows of cells. */
export function table(columns, rows) {
  const row = (kind) => (cells) => make('tr', {}, cells.map((cell) => make(kind, {}, cell)));
  return make('div', { class: 'table' },
    make('table', {}, make('thead', {}, row('th')(columns)), make('tbody', {}, rows.map(row('td')))));
}

/** A block of code. */
export const block = (text) => make('pre', {}, make('code', {}, text));
